"""A Prometheus of the test's own, on loopback, with the rules of deploy/prometheus."""
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import observed
from system import die_with_parent, free_port, wait_until


class Prometheus:
    def __init__(self, folder, jobs):
        """jobs: name → list of HOST:PORT."""
        self.folder = folder / "prometheus"
        self.folder.mkdir()
        self.port = free_port()
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                  "rule_files": [str(observed.ALERTS)],
                  "scrape_configs": [{"job_name": job, "static_configs": [{"targets": targets}]} for job, targets in jobs.items()]}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML, too
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def get(self, path, **words):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode()  # JSON, or a sentence while it starts
            return json.loads(text) if text.startswith("{") else {"status": "error", "error": text}
        except OSError as error:
            return {"status": "error", "error": str(error)}

    def ask(self, expression):
        """The samples of an instant query: (labels, value)."""
        answer = self.get("query", query=expression)
        assert answer["status"] == "success", (expression, answer)
        return [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]

    def wait_scraped(self, seconds=30):
        """Until every target has been read twice at least."""
        def all_up():
            targets = self.get("targets").get("data", {}).get("activeTargets", [])
            return targets and all(target["health"] == "up" for target in targets)
        wait_until(all_up, seconds, lambda: [(target["scrapeUrl"], target["lastError"])
                                             for target in self.get("targets").get("data", {}).get("activeTargets", [])])
        wait_until(lambda: len(self.ask("up")) == len(self.ask("count_over_time(up[5m]) >= 3")), seconds, "three scrapes")
