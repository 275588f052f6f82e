"""What to do in the browser with the work that waits: who does what next, in both languages of the pages."""

from __future__ import annotations

from registry.cli.demo import waiting
from registry.cli.demo.plot import Story

ENGLISH = """
TO DO IN THE BROWSER. One browser is enough: sign out and in as each person; a key made in it stays in it. The word of
the password may be asked for once more before something is signed.

1. A check of one.       birch-hr › Check a person: Hiring, tick the consent, any reference, number {chen}.
                         There is an entry: read it. Then try {wang}: no entry.
2. A check of 5,000.     birch-hr › Check a file: Hiring, tick, any reference; drop the file
                         {file}
                         and press the button: one hit, rejects and duplicates to download.
3. A report.             Keys first: acme-security › Your signing key › make one, copy the public key. acme-admin ›
                         Signing keys: acme-security, paste it, compare the fingerprint. The same for acme-approver.
   signed                acme-security › Reports › the draft › Check your answers › sign: Sun's number {sun}
   countersigned         acme-approver › Reports › the newest, which is Sun's, with the same number; and Zhao's, which
                         waits: case {zhao_case}, number {zhao}
   screened              screener › Screening. Then clerk › Registry office: the letter to print, then its service.
                         Huang's letter waits there already.
4. An appeal.            The person opens the case at /case and appeals: case {chen_case}, code {chen_code},
                         number {chen}
   who it is             notary, then notary-2 › Counter: case {chen_case} and the number
   admitted              clerk › Registry office. After a minute the person takes part in the draw, at /case.
   answered              acme-security › Reports › the appeal
   heard, decided        the three who were drawn (the person's page names their houses) › Panel: one notes the hearing,
                         all three vote.
   or only the end       Wu's appeal is that far: {seated} › Panel.
                         Wu reads the decision at /case: case {wu_case}, code {wu_code}, number {wu}
5. An inspection.        inspector › Random sample › an entry, with every signature verified › To whom it was shown;
                         Demand something about it. acme-security answers on the command line, with the ID it lists:
                         {zilu} finding list --as acme-security
                         {zilu} finding answer ID --as acme-security
                         Then inspector › Findings: read the answer, and close the finding."""
CHINESE = """
在浏览器中可以办理的事项。一个浏览器即可：以各人的账户先后登录、退出；在浏览器中生成的密钥会留在其中。签名之前可能再次要求输入密码。

1. 查询一人      birch-hr › 查询个人：选择“招聘”，勾选同意，填写任意存放位置，号码 {chen}。
                 有一条记录：请阅读。再查询 {wang}：没有记录。
2. 查询 5,000 人 birch-hr › 核查名单文件：选择“招聘”，勾选，填写任意存放位置；拖入文件
                 {file}
                 再按按钮：一条命中；可下载被拒绝和重复的行。
3. 一份举报      先有密钥：acme-security › 您的签名密钥 › 生成，复制公钥。acme-admin › 签名密钥：选 acme-security，
                 粘贴，核对指纹。acme-approver 同样办理。
   签名          acme-security › 举报 › 草稿 › 核对您填写的内容 › 签名：孙丽的号码 {sun}
   会签          acme-approver › 举报 › 最新的一份（孙丽），输入同一号码；
                 另有赵军的举报等待：案件 {zhao_case}，号码 {zhao}
   审查          screener › 审查。然后 clerk › 登记处：打印信函，记录送达。黄涛的信函已在那里等待。
4. 一件申诉      当事人在 /case 打开案件并申诉：案件 {chen_case}，代码 {chen_code}，号码 {chen}
   核验身份      notary，然后 notary-2 › 柜台：案件 {chen_case} 和该号码
   受理          clerk › 登记处。一分钟后当事人在 /case 参加抽签。
   答复          acme-security › 举报 › 该申诉
   听证、决定    抽出的三人（当事人的页面写明其单位）› 合议组：一人记录听证，三人投票。
   或只办最后    吴磊的申诉已到这一步：{seated} › 合议组。
                 吴磊在 /case 阅读决定：案件 {wu_case}，代码 {wu_code}，号码 {wu}
5. 一次检查      inspector › 随机抽样 › 一条记录，逐一验证签名 › 在哪一天向谁出示；就此提出要求。
                 acme-security 在命令行答复，ID 见其列表：
                 {zilu} finding list --as acme-security
                 {zilu} finding answer ID --as acme-security
                 然后 inspector › 督办事项：阅读答复，结案。"""


def text(story: Story) -> str:
    said = {
        **{key: story.person(key).document.number for key in ("chen", "wang", *waiting.TYPED)},
        **{f"{key}_case": story.reports[key][1] for key in ("chen", "wu", "zhao")},
        **{f"{key}_code": story.codes[key] for key in ("chen", "wu")},
        "file": str((story.stage.folder / "birch" / waiting.STAFF_FILE).resolve()),
        "zilu": f".venv/bin/zilu --config {story.stage.config}",
        "seated": ", ".join(story.seated),
    }
    return ENGLISH.format(**said) + "\n" + CHINESE.format(**said)
