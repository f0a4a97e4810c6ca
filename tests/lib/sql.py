"""One psql that stays connected: a query costs a millisecond or two. Starts anew after PostgreSQL went away."""
import subprocess

MARK = "--8<-- "


class Sql:
    def __init__(self, url):
        self.url = url
        self.process = None

    def close(self):
        self._drop()

    def _open(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["psql", "-XAtqw", "-F", "\x1f", "-d", self.url], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def _drop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                try:
                    pipe.close()
                except OSError:  # what was not written yet finds nobody
                    pass
            self.process = None

    def _answers(self):
        try:
            self.process.stdin.write(f"SELECT 1;\n\\echo '{MARK}'\n")
            self.process.stdin.flush()
            lines = []
            while not lines or not lines[-1].startswith(MARK):
                lines.append(self.process.stdout.readline())
                if not lines[-1]:
                    return False
            return lines[0] == "1\n"
        except OSError:
            return False

    def rows(self, query):
        """One or more statements; the rows of all of them as tuples of texts. RuntimeError with PostgreSQL's words. A
        connection that broke since the last query is opened again."""
        if self.process is not None and not self._answers():
            self._drop()
        try:
            self._open()
            self.process.stdin.write(f"{query};\n\\echo '{MARK}' :ERROR :LAST_ERROR_MESSAGE\n")
            self.process.stdin.flush()
            lines = []
            while True:
                line = self.process.stdout.readline()
                if not line:
                    raise RuntimeError("psql ended: " + " ".join(lines))
                if line.startswith(MARK):
                    break
                lines.append(line.rstrip("\n"))
        except (OSError, RuntimeError) as error:
            self._drop()
            raise RuntimeError(str(error)) from error
        if line.split()[1] == "true":
            raise RuntimeError(f"{line.split(' ', 2)[2].strip()}\n{query}")
        return [tuple(text.split("\x1f")) for text in lines if text != ""]

    def one(self, query):
        """The only value, as text."""
        rows = self.rows(query)
        return rows[0][0] if rows else None

    def number(self, query):
        return int(self.one(query) or 0)
