"""Whether a floor does what it should: suites, runner, reports, the demo, the benchmark."""
