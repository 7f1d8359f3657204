# Pharos. `make` lists the targets. Each does all the set-up that it needs; all
# that it installs goes into ./.bin and the Go caches.

SHELL       := /bin/bash
.SHELLFLAGS := -eo pipefail -c

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME  ?= 30s
COUNT     ?= 10
SCHEDULES ?= 3000
FAULTS    ?= 200
FILES     ?= 1
BENCH     ?= .
BIN       := $(CURDIR)/.bin
LINT_AT   := v2.15.0
LINT      := $(BIN)/golangci-lint-$(LINT_AT)
STAT_AT   := v0.0.0-20260908200009-22c9c6c9d4da
STAT      := $(BIN)/benchstat
VULN_AT   := v1.8.0
VULN      := $(BIN)/govulncheck-$(VULN_AT)
LDFLAGS   := -s -w -X main.stamped=$(VERSION)

# Without MessagePack, which nobody asks for, Gin is half as large.
export GOFLAGS := $(GOFLAGS) -tags=nomsgpack

.PHONY: help run build test race lint vuln fix fuzz bench e2e crash schedules faults upgrade ui ui-check ui-lock e2e-ui

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: ## run a server with its data in ./data
	go run ./cmd/pharos

build: ## one static binary, ./bin/pharos
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o bin/pharos ./cmd/pharos

test: ## all tests but those with other languages' SDKs
	go vet ./...
	go test -timeout 20m ./...

race: ## the same under the race detector
	CGO_ENABLED=1 go test -race -timeout 40m ./...

lint: $(LINT) ## what CI refuses
	$(LINT) run ./...
	go fix -diff ./...
	go mod tidy -diff

vuln: $(VULN) ## known vulnerabilities in code that is called; VULNDB=file:///dir is a copy of the database
	@$(VULN) $(if $(VULNDB),-db $(VULNDB)) ./... || { code=$$?; [ $$code -eq 3 ] || \
		echo "govulncheck could not look: its database cannot be reached from here; VULNDB=file:///dir names a copy" >&2; exit $$code; }

fix: $(LINT) ## mend what lint can mend
	go fix ./...
	$(LINT) fmt ./...
	$(LINT) run --fix ./...
	go mod tidy
	go test ./cmd/settings -run TestDocumentation -update

fuzz: ## every fuzz target for FUZZTIME
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$dir/*_test.go); do \
			echo "== $$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; \
		done; \
	done

bench: $(STAT) ## Go benchmarks, COUNT runs each, beside .bin/bench.base if there is one
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./... | tee $(BIN)/bench.new
	$(STAT) $(wildcard $(BIN)/bench.base) $(BIN)/bench.new

schedules: ## SCHEDULES random faults in each cluster in memory, under fake time
	@for dir in $$(grep -rl --include='*_test.go' 'schedule[.]Each' . | xargs -n1 dirname | sort -u); do \
		PHAROS_SCHEDULES=$(SCHEDULES) go test -run '^TestSchedules$$' -count=1 -timeout 4h $$dir || exit 1; \
	done

crash: ## kill a publishing process 1,000 times and look at what it left
	PHAROS_CRASH_ROUNDS=1000 go test ./persistence -run '^TestCrash$$' -count=1 -v -timeout 60m

faults: ## break three real nodes FAULTS times under load and look at what clients get
	PHAROS_FAULTS=$(FAULTS) go test ./test/cluster -run '^TestFaults$$' -count=1 -v -timeout 24h

upgrade: ## roll a cluster of the earlier build OLD, a commit or tag, to this one under load
	$(if $(OLD),PHAROS_OLD_REF=$(OLD)) go test ./test/cluster -run '^TestUpgrade$$' -count=1 -v -timeout 20m

e2e: ## real SDKs of Java, Go, Node and Python against the built server
	PHAROS_SDK=1 go test ./test/sdk -count=1 -v -timeout 20m

ui: ui/node_modules/.stamp ## the console anew into ui/dist, which is committed
	cd ui && npm run --silent test && npm run --silent build

ui-check: ## whether ui/dist belongs to the sources, and how large it is
	node ui/scripts/seal.mjs --check

e2e-ui: ui/node_modules/.stamp ## the console in Debian's Chromium, against the built binary, FILES test files at a time
	mkdir -p $(BIN)
	go build -o $(BIN)/pharos-console-test ./cmd/pharos
	PHAROS_BIN=$(BIN)/pharos-console-test node --test --test-concurrency=$(FILES) --test-timeout=900000 test/console-ui/*.test.mjs

ui-lock: ## the lock file of the console after a change of ui/package.json
	cd ui && npm install --package-lock-only && node scripts/lock-complete.mjs

ui/node_modules/.stamp: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	touch $@

$(LINT):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_AT)
	mv $(BIN)/golangci-lint $@

$(VULN):
	GOBIN=$(BIN) go install golang.org/x/vuln/cmd/govulncheck@$(VULN_AT)
	mv $(BIN)/govulncheck $@

$(STAT):
	GOBIN=$(BIN) go install golang.org/x/perf/cmd/benchstat@$(STAT_AT)
