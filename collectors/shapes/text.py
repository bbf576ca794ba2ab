"""Shapes of text records: the parser has put flat ECS names into the document, so every name stands for itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from shouwang.model import DEAD_DATASET, Logsource, Path, Shape

NAMES: Final = (
    *("message", "event.action", "event.category", "event.code", "event.outcome", "event.provider"),
    *("host.name", "process.name", "process.pid", "process.command_line", "process.executable"),
    *("user.name", "user.id", "user.effective.name", "user.target.name", "group.name"),
    *("source.ip", "source.port", "source.address", "source.mac"),
    *("destination.ip", "destination.port", "destination.address", "destination.mac"),
    *("network.transport", "url.domain", "url.original", "url.path", "url.query"),
    *("http.request.method", "http.request.referrer", "http.response.status_code", "user_agent.original"),
    *("log.level", "log.syslog.severity.name", "log.syslog.facility.name"),
)
"""The names that most text records have; any other name in the document is found as well."""

_PATHS: Final[dict[str, tuple[Path, ...]]] = {name: ((name,),) for name in NAMES}

LINUX_SYSLOG: Final = Logsource("linux", None, "syslog")
LINUX_AUTH: Final = Logsource("linux", None, "auth")


def text_shape(dataset: str, parser: str, *logsources: Logsource, code: str = "") -> Shape:
    """A shape for flat documents."""
    return Shape(
        dataset=dataset,
        parser=parser,
        code=code,
        dialect="text",
        logsources=frozenset(logsources),
        paths=_PATHS,
        prefixes=(("", ()),),
    )


@lru_cache(maxsize=64)
def dead_shape(parser: str) -> Shape:
    """Of a record that ``parser`` could not read, and may one day."""
    paths: dict[str, tuple[Path, ...]] = {name: ((name,),) for name in ("error.code", "error.message")}
    return Shape(dataset=DEAD_DATASET, parser=parser, dialect="text", paths=paths)


def linux_shape(dataset: str, parser: str, *services: str, also: tuple[Logsource, ...] = ()) -> Shape:
    """A Linux log: its own services, ``syslog`` which holds them all, and ``also``."""
    own = (Logsource("linux", None, service) for service in services)
    return text_shape(dataset, parser, LINUX_SYSLOG, *own, *also)


def firewall_shape(parser: str) -> Shape:
    """Netfilter through the kernel log."""
    return text_shape(
        "linux.firewall",
        parser,
        LINUX_SYSLOG,
        Logsource("linux", "firewall", None),
        Logsource(None, "firewall", None),
    )


def access_shape(product: str, parser: str) -> Shape:
    """A web server's access log; ``product`` is ``nginx``, ``apache`` or empty when the line does not tell."""
    own = [Logsource(product, "webserver", product)] if product else []
    return text_shape("web.access", parser, Logsource(None, "webserver", None), *own, code=product)


def error_shape(product: str, parser: str) -> Shape:
    """A web server's error log."""
    return text_shape(
        "web.error", parser, Logsource(product, None, product), Logsource(None, None, product), code=product
    )


def database_shape(product: str, parser: str) -> Shape:
    """A database server's own log."""
    return text_shape(f"{product}.log", parser, Logsource(product, "database", None))


def device_shape(vendor: str, parser: str, *services: str) -> Shape:
    """A network device: switch, router, access controller."""
    own = [Logsource(vendor, None, service) for service in services]
    return text_shape(
        f"network.{vendor}", parser, Logsource(vendor, None, None), Logsource(None, "network", None), *own
    )
