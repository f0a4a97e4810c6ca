"""Why an assertion failed: where, and if it says nothing itself, what stood in it. A log of somebody else's machine is all that
one may ever see of a failure. Nothing is called again, as it might answer otherwise; what was answered last is remembered for that."""
import ast
import collections
import linecache
import traceback

VALUE_CHARS_MAX = 600
ANSWERS_MAX = 3
SEEN = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Slice, ast.Tuple, ast.List, ast.BinOp, ast.operator, ast.expr_context)
answers = collections.deque(maxlen=ANSWERS_MAX)
HARMLESS = {"len", "set", "sorted", "list", "str", "sum", "min", "max", "type"}


def _is_harmless(node):
    """Whether it can be worked out once more, and would be the same."""
    return all(isinstance(part, SEEN) or isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in HARMLESS
               for part in ast.walk(node))


def _parts(node):
    """What an assertion compares and combines, each as a whole."""
    if isinstance(node, ast.Constant):
        return
    if not isinstance(node, (ast.BoolOp, ast.Compare)) and _is_harmless(node):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.expr, ast.comprehension)):
            yield from _parts(child)


def _assertion(frame, line):
    """The innermost one that has this line."""
    tree = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    return max((node for node in ast.walk(tree) if isinstance(node, ast.Assert) and node.lineno <= line <= node.end_lineno),
               key=lambda node: node.lineno)


def values(error):
    """A line for each name and place in an assertion without words of its own; none for any other error."""
    if not isinstance(error, AssertionError) or error.args or error.__traceback__ is None:
        return []
    here = error.__traceback__
    while here.tb_next is not None:
        here = here.tb_next
    lines = []
    try:
        for part in _parts(_assertion(here.tb_frame, here.tb_lineno).test):
            try:
                value = eval(compile(ast.Expression(part), "why", "eval"), here.tb_frame.f_globals, here.tb_frame.f_locals)
            except Exception:  # of a comprehension, perhaps, which is over
                continue
            line = f"{ast.unparse(part)} = {repr(value)[:VALUE_CHARS_MAX]}"
            if not callable(value) and line not in lines:
                lines.append(line)
    except (SyntaxError, ValueError):
        pass  # the traceback must do
    return lines


def note(question, answer):
    """The answer, remembered."""
    answers.append((question, answer))
    return answer


def told(error):
    """All of it, as remarks of a script's output: what is wrong first, as a long remark is cut, and the way to it from its end."""
    lines = ["".join(traceback.format_exception_only(error)).rstrip()]
    if isinstance(error, AssertionError) and not error.args:
        lines += [f"where {line}" for line in values(error)]
        lines += [f"of the last answers: {question} → {repr(answer)[:VALUE_CHARS_MAX]}" for question, answer in answers]
    lines += [f"at {frame.filename}:{frame.lineno}, {frame.name}: {frame.line}" for frame in reversed(traceback.extract_tb(error.__traceback__))]
    before = error.__cause__ or error.__context__
    if before is not None:
        lines.append("after " + "".join(traceback.format_exception_only(before)).rstrip())
    return "# " + "\n".join(lines).replace("\n", "\n# ")
