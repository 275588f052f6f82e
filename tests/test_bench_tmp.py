import time, cProfile, pstats, httpx2, pytest
from registry.client.api import Profile, Registry
from registry.client.checking import Terms
from registry.client.file_checks import check_file
from registry.client.sample import staff_file
from tests.line import application
from tests.app_fixture import SECRETS, settings
from registry.running import Running
from tests.conftest import ISSUER

def test_bench(store, cast, holder, clock, tmp_path):
    application().extensions["zilu"] = Running(settings(), SECRETS, store, clock, holder)
    http = httpx2.Client(transport=httpx2.WSGITransport(app=application()))
    registry = Registry(Profile(ISSUER, "birch-hr", cast.hana.client_key, None), scope="check", http=http, clock=clock)
    registry.pin()
    path = tmp_path/"s.csv"; path.write_bytes(staff_file(4000, seed=1).content)
    t0=time.monotonic(); c0=time.process_time()
    pr=cProfile.Profile()
    import registry.client.file_checks as fc
    fc.WORKERS=1
    import threading
    threading.setprofile_all_threads if False else None
    pr.enable()
    check_file(registry, path, results=tmp_path/"r.csv", receipts_folder=tmp_path/"rr", terms=Terms.declared(purpose="hiring", reference="x"))
    pr.disable()
    print("wall", time.monotonic()-t0, "cpu", time.process_time()-c0)
    # direct, profiled
    from tests.listing import people, admitted, question
    from registry.checks import actions
    docs = people(1000, seed=99)
    def one():
        found, ticket = admitted(store, holder, docs, cast.hana.actor, clock())
        with store.write() as s:
            actions.ask(s, actor=cast.hana.actor, question=question(found), ticket=ticket, keys=holder.public(), now=clock())
    pr=cProfile.Profile(); pr.enable(); t=time.process_time(); one(); print("one batch cpu", time.process_time()-t); pr.disable()
    pstats.Stats(pr).sort_stats("cumulative").print_stats(35)
