# `make run` starts Lantern, `make test` tests it; both bring what they need. See docs/start.md.
bin = .venv/bin

.PHONY: run test check bench attack

run: # start Lantern with all it needs
	@sh setup/prepare.sh run && exec $(bin)/lantern up

test: check # run every test
	$(bin)/pytest -m "not bench"

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

attack: # attack the releases
	@sh setup/prepare.sh test
	$(bin)/pytest tests/attacks
