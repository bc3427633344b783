# stormwatch: every command a person or CI needs. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
NODE_NEEDED := 20
# Install a Debian package only where its command is missing, and say how when that fails.
define need
	@command -v $(1) >/dev/null 2>&1 || [ -x /usr/sbin/$(1) ] || { \
	  echo "installing $(2)"; \
	  { $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $(2) >/dev/null; } \
	  || { echo "cannot install $(2); run: $(SUDO) apt-get install $(2)" >&2; exit 1; }; }
endef

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: tools
tools:
	$(call need,cargo,cargo)
	$(call need,cc,build-essential)
	@command -v node >/dev/null || { echo "Node $(NODE_NEEDED) or newer is needed for the web part: install nodejs and npm" >&2; exit 1; }
	@node -e 'process.exit(+process.versions.node.split(".")[0] >= $(NODE_NEEDED) ? 0 : 1)' \
	  || { echo "Node $(NODE_NEEDED) or newer is needed, found $$(node --version)" >&2; exit 1; }

.PHONY: web
web: tools web/dist/.built ## build the web part
web/dist/.built: $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	cd web && npm ci --no-fund --no-audit --loglevel=error && npm run build
	touch $@

.PHONY: build
build: web ## build the release binaries with the web part inside
	$(CARGO) build --release --workspace

.PHONY: demo
demo: web ## run the service and a simulated ward on loopback; Ctrl-C stops both
	$(call need,mosquitto,mosquitto)
	$(CARGO) build --release --workspace
	@TARGET="$(TARGET)" bash tests/demo.sh

.PHONY: lint
lint: ## formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## licences, advisories, sources
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check bans licenses sources

.PHONY: test-tools
test-tools: tools
	$(call need,mosquitto,mosquitto)
	$(call need,mosquitto_pub,mosquitto-clients)
	$(call need,chromium,chromium)
	$(call need,openssl,openssl)
	@command -v cargo-nextest >/dev/null || $(CARGO) install --locked cargo-nextest
	@bash tests/tools.sh

.PHONY: test
test: export CARGO_PROFILE_DEV_OPT_LEVEL ?= 1
test: web test-tools lint ## what CI runs: format, lints, Rust, rule cases, web tests, pages in Chromium
	$(CARGO) nextest run --workspace --no-fail-fast
	"$(TARGET)/debug/stormwatch" rules test alert-rules
	"$(TARGET)/debug/stormwatch" rules coverage alert-rules
	cd web && npm test
	STORMWATCH_BIN="$$(realpath $(TARGET)/debug/stormwatch)" node tests/browser/run.mjs

.PHONY: browser-test
browser-test: web test-tools ## the pages in Chromium against the built service
	$(CARGO) build --workspace
	STORMWATCH_BIN="$$(realpath $(TARGET)/debug/stormwatch)" node tests/browser/run.mjs

.PHONY: bench
bench: ## figures beside a peer or a physical limit in the same run, one JSON line each
	$(CARGO) bench --bench journal
	$(CARGO) bench --bench fold
	$(CARGO) bench --bench parse
	$(CARGO) build --release --workspace
	@TARGET="$(TARGET)" bash benches/latency.sh

.PHONY: fuzz
fuzz: ## fuzz every outside interface, a minute each (SECONDS_EACH=600 for longer, ONLY=hl7_message for one)
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	@cd fuzz && for target in $${ONLY:-$$(ls fuzz_targets | sed 's/\.rs//')}; do \
	  mkdir -p corpus/$$target seeds/$$target; echo "fuzzing $$target"; \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run -s none $$target corpus/$$target seeds/$$target ../tests/hl7 -- \
	    -max_total_time=$${SECONDS_EACH:-60} -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 || exit 1; done

.PHONY: soak
soak: ## kill -9 the service under load and between alert and pager, again and again (CYCLES=100), and count what is lost
	$(call need,python3,python3)
	$(CARGO) build --release --workspace
	@TARGET="$(TARGET)" CYCLES="$${CYCLES:-100}" bash tests/soak.sh
