.PHONY: build test fuzz demo release format check clean

build:
	dev/setup
	swift build

test:
	dev/test

fuzz:
	dev/setup
	dev/fuzz

demo:
	dev/demo

# In its own folder, as going back and forth between the two kinds of build costs minutes.
release:
	dev/setup
	swift build --configuration release --product mailkeep --static-swift-stdlib --scratch-path .build-release

format:
	dev/format

check:
	dev/check

clean:
	rm -rf .build .build-release .demo .fuzz
