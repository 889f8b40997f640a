"""Redact the arguments of commands: they are the job's hyperparameters, and often hold keys."""

import re
from collections.abc import Callable, Sequence

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import ARGUMENTS, SLOT, words

_PROGRAMS = (
    r"(?:python[\d.]*|torchrun|accelerate[ \t]+launch|deepspeed|mpirun|mpiexec|horovodrun|smddprun|smddpmprun|orterun|srun"
    r"|spark-submit|pyspark|Rscript|java|bash|sh|xvfb-run|nsys|colossalai[ \t]+run|fairseq-train|llamafactory-cli|axolotl"
    r"|composer|tune[ \t]+run|ray[ \t]+job[ \t]+submit|dask-\w+|jupyter[ \t]+\w+|papermill|serve|train)"
)
# In free text, a program's name is a command only if a flag follows. Python keeps its own flags and its script.
_SCRIPT = r"(?:[ \t]+-[A-Za-z]{1,2})*+[ \t]+[\w./-]+"
_FREE = lazy_pattern(
    rf"""(?<![\w.-])((?:python[\d.]*){_SCRIPT}|{_PROGRAMS}(?=[ \t]+-))[ \t]+(?=[^\n]{{0,200}}?(?<=[ \t])--?[A-Za-z])[^\n"]*"""
)
# The training toolkit writes: Command "python train.py --x 1"; Python: Command '['python', ...]' or Command 'x --y'.
_QUOTED = lazy_pattern(r"""(?P<head>\b[Cc]ommand[: ]{1,2}(?P<quote>["'`]))(?!\[)(?P<line>[^\n]*)""")
# An argv list: one that begins with a program, or that holds a flag.
_LIST = lazy_pattern(
    rf"""\[(?=[bu]?(?P<quote>["']))(?:(?=[^\n\[\]]*["']--?[A-Za-z][\w-]*["'=])|(?=[bu]?["'][^"'\n]{{0,100}}?{_PROGRAMS}["'],))(?P<body>[^\n]*)"""
)
_TRACE = lazy_pattern(r"(?m)^(?P<head>[^\n+]{0,60}?\+{1,4} )(?P<line>[A-Za-z./][^\n]*)$")
_INVOKED = lazy_pattern(
    r"(?m)(?P<head>(?:Invoking script with the following command:|Running command:|[Ee]xecuting:|cmd ?[=:])[ \t]*\n*)(?P<line>[^\n\[{]+)"
)
_UNRECOGNIZED = lazy_pattern(
    r"(unrecognized arguments?: |[Nn]o such option: |unknown option(?:s)?: ?|Got unexpected extra arguments? )[^\n]+"
)
_INVALID = lazy_pattern(r"((?:invalid (?:\w+ )?value|invalid choice): )(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s(]+)")
_NAMESPACE = lazy_pattern(r"\b(Namespace\()(?=\w+=)[^\n]*")
_HYPERPARAMETERS = lazy_pattern(
    r"""(?i)(\b(?:hyper_?-?param(?:eter)?s?|script_args|user_args|argv|cli_args|parsed_args|config_args)["']?[ ]{0,2}[:=][ ]{0,2})[\[{][^\n]*"""
)
_LOGIN = lazy_pattern(
    r"(?x)(\b(?:wandb[ ]login|huggingface-cli[ ]login|hf[ ]auth[ ]login|docker[ ]login|comet[ ]login|az[ ]login)(?:[ ]--?[a-z-]+)*[ ]+)(?!-)(?=\S{8})\S+"
)
_SHORT_FLAG = lazy_pattern(
    r"(\b(?:curl|wget|http)\b[^\n]{0,80}?[ \t]-(?:u|-user)[ =]{0,2})(\S+)"
    r"|(\b(?:mysql|mysqldump|sshpass|mongo|mongosh|docker login|smbclient)\b[^\n]{0,80}?[ \t]-p)[ ]?(\S+)"
)


def without_arguments(text: str) -> str:
    """Replace the arguments of commands, however the command is written; the program's own name stays."""
    lowered = text.lower()
    for signs, pattern, replaced in _FORMS:
        if any(sign in lowered for sign in signs):
            text = pattern.sub(replaced, text)
    return text


def _quoted(found: re.Match[str]) -> str:
    """Keep the program, and the text after the command's closing quote (the last one of its line)."""
    line, quote = found["line"], found["quote"]
    end = line.rfind(quote)
    command, after = (line[:end], line[end:]) if end >= 0 else (line, "")
    return found["head"] + _program(command) + after


def _program(command: str) -> str:
    """The program of a command line, for Python with its script or module; its arguments are left out."""
    python = _PYTHON.match(command)
    if python:
        rest = command[python.end() :]
        return f"{python[0]} {ARGUMENTS}" if rest.strip() else command
    program, blank, rest = command.partition(" ")
    return f"{program} {ARGUMENTS}" if blank and rest.strip() else command


_PYTHON = lazy_pattern(rf"[\w./~-]*python[\d.]*{_SCRIPT}(?=\s|$)")


def _list(found: re.Match[str]) -> str:
    """Keep the program of an argv list: ``['python', 'train.py', '--key', 'x']``."""
    body = found["body"]
    end = body.rfind("]")
    kept = _KEPT.match(body)
    return f"[{kept[0] if kept else ''}{ARGUMENTS}{body[end:] if end >= 0 else ']'}"


_KEPT = lazy_pattern(rf"""(?:[bu]?["'][^"'\n]{{0,100}}?{_PROGRAMS}["'], ?)(?:[bu]?["'][\w./-]+\.py["'],? ?)?""")


def _short_flag(found: re.Match[str]) -> str:
    return f"{found[1] or found[3]}{SLOT}"


def _headed(found: re.Match[str]) -> str:
    return found["head"] + _program(found["line"])


_STARTS = words(
    "python torchrun accelerate deepspeed mpi orterun horovodrun smddp srun spark rscript java bash sh "
    "xvfb nsys colossalai fairseq llamafactory axolotl composer tune ray dask jupyter papermill serve "
    "train"
)
# What to look for in the text, in lower case, before the slower pattern is tried; the pattern; what replaces it.
_FORMS: tuple[tuple[Sequence[str], re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (("command",), _QUOTED, _quoted),
    (("['", '["', "[b'", "[u'"), _LIST, _list),
    (("+ ",), _TRACE, _headed),
    (("command:", "executing:", "cmd"), _INVOKED, _headed),
    (("login ",), _LOGIN, rf"\1{SLOT}"),
    (("curl", "wget", "http ", "mysql", "sshpass", "mongo", "docker", "smbclient"), _SHORT_FLAG, _short_flag),
    (_STARTS, _FREE, rf"\1 {ARGUMENTS}"),
    (("recognized arg", "such option", "unknown option", "unexpected extra"), _UNRECOGNIZED, rf"\1{ARGUMENTS}"),
    (("invalid ",), _INVALID, rf"\1{SLOT}"),
    (("namespace(",), _NAMESPACE, rf"\1{ARGUMENTS})"),
    (("param", "args", "argv"), _HYPERPARAMETERS, rf"\1{ARGUMENTS}"),
)
