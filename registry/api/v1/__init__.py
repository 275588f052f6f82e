"""Version 1. One module for each noun; `registry.api.blueprints` lists them."""
