# `make run` starts Lantern, `make test` tests it; both bring what they need. See docs/start.md.
bin = .venv/bin

.PHONY: run test check bench attack audit docs requirements

run: # start Lantern with all it needs
	@sh setup/prepare.sh run && exec $(bin)/lantern up

test: check # run every test
	$(bin)/pytest -m "not bench and not attack" -n 2 --dist loadfile

check: # lint, types, layers
	@sh setup/prepare.sh test
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/node web/node_modules/typescript/bin/tsc --noEmit --project web

bench: # measure; takes long
	@sh setup/prepare.sh bench
	$(bin)/pytest -m bench -s tests/bench

attack: # attack what Lantern promises; takes long
	@sh setup/prepare.sh test
	$(bin)/pytest tests/attacks

audit: # ask advisory services about what is pinned; fails where they cannot be reached
	@sh setup/prepare.sh test
	@$(bin)/python setup/audit.py

docs: # write the help texts of the command line into the docs
	@sh setup/prepare.sh test
	$(bin)/typer api.command utils docs --name lantern --output docs/reference/command-line.md

compile = $(bin)/uv pip compile
pinned = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links $(upgrade)

requirements: # pin what pyproject.toml asks for; `make requirements upgrade=--upgrade` takes the newest
	@sh setup/prepare.sh test
	$(compile) pyproject.toml $(pinned) -o requirements/run.txt >/dev/null
	$(compile) pyproject.toml $(pinned) --extra test -c requirements/run.txt -o requirements/test.txt >/dev/null
	$(compile) requirements/audit.in $(pinned) -o requirements/audit.txt >/dev/null
