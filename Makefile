# Gatehouse. `make demo` shows a whole home, `make test` proves it; both install
# what they need on a Debian machine with Go 1.26 and Node 20.

GO          ?= go
export CGO_ENABLED ?= 0
VERSION     := $(shell git describe --always --dirty --tags 2>/dev/null || echo devel)
REVISION    := $(shell git rev-parse HEAD 2>/dev/null)
# The API's routes are a hundred copies of one generic function, and nobody waits
# for a simulator or a configuration file: not inlined they leave room in the
# program for what people do wait for.
UNHURRIED   := gatehouse/hub/face/api gatehouse/hub/face/homekit gatehouse/hub/demo gatehouse/zwave/zwavesim \
	gatehouse/zigbee/zigbeesim github.com/danielgtaylor/huma/v2/... github.com/goccy/go-yaml/...
GCFLAGS     := $(foreach p,$(UNHURRIED),-gcflags=$(p)=-l)
LDFLAGS     := -s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)

# Tools are pinned here and not in go.mod, so that they never weigh on the hub.
GOFUMPT     := $(GO) run mvdan.cc/gofumpt@v0.12.0
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

GO_DIRS     := cmd hub zwave zigbee lte storage web/*.go firmware
FUZZTIME    ?= 30s
# Routers whose addresses have 32 bits, and whose system calls have other types.
SMALL       := arm mipsle

# What failed is not done: a page over its budget would pass for built the next time.
.DELETE_ON_ERROR:

WEB_SOURCES := $(shell find web/ui -type f -not -path '*/node_modules/*' -not -path '*/test-results/*' 2>/dev/null)

.PHONY: help demo build web test test-go test-web journey e2e browsers picture check generate \
	model detect quirks fuzz bench interop interop-smoke crash powercut soak

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: build ## a whole simulated home on http://127.0.0.1:8080
	./bin/gatehouse demo

build: web ## bin/gatehouse, one static binary
	$(GO) build -trimpath $(GCFLAGS) -ldflags '$(LDFLAGS)' -o bin/gatehouse ./cmd/gatehouse

web: web/dist/index.html ## the page, built and compressed into web/dist

web/ui/node_modules/.package-lock.json: web/ui/package-lock.json
	cd web/ui && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

web/dist/index.html: web/ui/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web/ui && npm run build

test: build test-go test-web interop-smoke journey ## everything but the slow proofs

test-go: ## Go tests under the race detector, in random order, and the layering
	.ci/install gcc libc6-dev ffmpeg
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 20m ./...

test-web: web/ui/node_modules/.package-lock.json ## unit tests of the page
	cd web/ui && npm run test

journey: build ## one journey through the demo home in a real browser
	.ci/install chromium
	cd web/ui && npm run journey

e2e: build ## every journey: claim, sign-in, faults, axe on every screen and size
	.ci/install chromium ffmpeg
	cd web/ui && npm run e2e

browsers: build ## the journeys that differ between engines, in Debian's Firefox and WebKitGTK
	.ci/install firefox-esr webkit2gtk-driver gstreamer1.0-libav gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
		xvfb xauth ffmpeg
	cd web/ui && npm run browsers

picture: build ## take the README's picture anew
	.ci/install chromium
	cd web/ui && npm run picture

check: web/ui/node_modules/.package-lock.json ## format, vet, 32 bits, linters, drift of generated files
	@test -z "$$($(GOFUMPT) -l $(GO_DIRS))" || { echo 'gofumpt would change:'; $(GOFUMPT) -l $(GO_DIRS); exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet -tags interop ./...
	@for arch in $(SMALL); do GOARCH=$$arch CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/gatehouse || exit 1; done
	$(STATICCHECK) ./...
	$(GOLANGCI) run ./...
	$(GO) test -run 'Drift|AsReviewed' ./hub/face/api ./hub/health ./hub/radio/zwavehome ./hub/radio/zigbeehome
	cd web/ui && npm run check

generate: web/ui/node_modules/.package-lock.json ## write generated files anew
	$(GO) generate ./...
	cd web/ui && npm run gen

QUIRKS := zigbee/quirks/gen

quirks: $(QUIRKS)/node_modules/.package-lock.json ## derive the table of Zigbee quirks anew from npm zigbee-herdsman-converters
	cd $(QUIRKS) && node derive.mjs

model: bin/detector/model.tflite ## the network that tells a person from a dog, checked, into bin/detector

bin/detector/model.tflite:
	hub/camera/detect/fetch bin/detector

DETECT := hub/camera/detect/bench

detect: model $(DETECT)/node_modules/.package-lock.json ## what the detector finds and misses, beside npm LiteRT; prints Markdown, writes RESULTS.md
	.ci/install ffmpeg
	$(DETECT)/pictures build/pictures
	$(GO) run ./$(DETECT) -write

fuzz: ## every fuzz target for FUZZTIME (default 30s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep ^Fuzz); do \
			echo "== $$package $$target"; \
			CGO_ENABLED=1 $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

INTEROP := zwave/zwavesim/interop
ZIGBEE_INTEROP := zigbee/interop
HOMEKIT_INTEROP := hub/face/homekit/interop
CLIPS_INTEROP := hub/camera/clips/interop
ONVIF_INTEROP := hub/camera/onvif/interop
PEERS := $(INTEROP)/node_modules/.package-lock.json $(ZIGBEE_INTEROP)/node_modules/.package-lock.json \
	$(QUIRKS)/node_modules/.package-lock.json $(HOMEKIT_INTEROP)/node_modules/.package-lock.json $(ONVIF_INTEROP)/node_modules/.package-lock.json
BENCH_PEER := hub/bench/peer/zigbee2mqtt

$(PEERS) $(BENCH_PEER)/node_modules/.package-lock.json $(DETECT)/node_modules/.package-lock.json: %/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

interop: build model $(PEERS) ## the hub and the simulator against npm zwave-js, Zigbee codecs and stick against zigbee-herdsman, Apple Home against hap-controller, MQTT against mosquitto, cameras against GStreamer's RTSP server and npm onvif, clips against age and ffprobe, an alarm against photographs, a recorded street against ffmpeg
	.ci/install mosquitto-clients ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 glib-networking \
		gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
	$(DETECT)/pictures build/pictures
	CGO_ENABLED=1 $(GO) test -race -count=1 -tags interop -timeout 20m ./$(INTEROP) ./$(ZIGBEE_INTEROP) ./$(HOMEKIT_INTEROP) ./hub/face/mqtt ./$(CLIPS_INTEROP) ./$(ONVIF_INTEROP)
	CGO_ENABLED=1 $(GO) test -race -count=1 -tags interop -run 'Photographs|Street' ./hub
	CGO_ENABLED=1 $(GO) test -race -count=1 -tags interop -run 'Street|GStreamer' ./hub/camera

interop-smoke: $(PEERS) ## only: the hub on a stick that is not ours, the Zigbee codecs and stick, Apple Home, and the ONVIF camera
	CGO_ENABLED=1 $(GO) test -count=1 -tags interop -short -timeout 10m ./$(INTEROP) ./$(ZIGBEE_INTEROP) ./$(HOMEKIT_INTEROP) ./$(ONVIF_INTEROP)

bench: build $(INTEROP)/node_modules/.package-lock.json $(BENCH_PEER)/node_modules/.package-lock.json ## measure the hub beside its peers; prints Markdown
	.ci/install mosquitto ffmpeg
	$(GO) run ./hub/bench

crash: ## kill the hub in every phase and while it records, 50 times each; fill its disk
	$(GO) test -count=1 -v -timeout 60m ./hub/crash -kills 250

powercut: ## storage and the recorder of clips against torn and lost writes, on disk images of a recorded life
	$(GO) test -count=1 -v -timeout 60m -run PowerCut ./storage -powercuts 1000
	$(GO) test -count=1 -v -timeout 60m -run PowerCut ./hub/camera/clips -powercuts 1000

SEEDS       ?= 5

soak: ## SEEDS years of a family's life (default 5), millions of random steps, an hour of 200 busy Zigbee devices
	$(GO) test -count=1 -v -timeout 60m -run Years ./hub/soak -seeds $(SEEDS)
	$(GO) test -count=1 -v -timeout 60m -run RandomPlay ./hub/soak -rapid.checks 15000
	$(GO) test -count=1 -v -timeout 60m -run RandomPlay ./hub/alarm -rapid.checks 10000
	$(GO) test -count=1 -v -timeout 60m -run ZigbeeLoad ./hub -zigbee.load 1h
