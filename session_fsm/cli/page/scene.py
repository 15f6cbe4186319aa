"""What the page is told: what is lit, where the charts stand, and how they got there."""

from __future__ import annotations

from collections import deque
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any, Final

from session_fsm.charts import CHARTS, MEDIA
from session_fsm.diagrams import Overview, diagram, marks, svg
from session_fsm.diagrams.drawable import picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_fsm.cli.page.player import Player
    from session_fsm.transition import Transition
    from session_fsm.view import SessionView
    from stores import Store

SHOWN: Final = 12
"""So many of the last transitions are listed."""

_CHART: Final = Template("""\
<section class="chart" data-chart="$name">
<h2>$words <output>$state</output></h2>
<div class="scroll" tabindex="0" role="img" aria-label="State chart: $words">
$svg
</div>
</section>
""")


class Scene:
    """What is shown of a session, or of the replay of one.

    Attributes:
        title: What the page is headed.
        player: What plays a replay; None for a live session.
    """

    def __init__(self, view: SessionView, title: str, player: Player | None = None) -> None:
        self.title = title
        self.player = player
        self._view = view
        self._moves: deque[Transition] = deque(maxlen=SHOWN)
        self._following = view.transitions.subscribe(self._moves.appendleft)

    def close(self) -> None:
        """Follow the session no longer."""
        self._following.dispose()

    @property
    def stores(self) -> tuple[Store[Any], ...]:
        """Whenever one of these changes there is something new to tell."""
        return (self._view.snapshots, *(self.player.stores if self.player else ()))

    def told(self) -> dict[str, Any]:
        """Return the present, ready for JSON."""
        now = self._view.snapshot
        charts = self._charts()
        seen = [one for one in self._moves if one.seq <= now.seq]
        return {
            "marks": marks(Overview(charts)),
            "states": {chart.name: chart.current for chart in charts},
            "moves": [
                [one.at.astimezone().strftime("%H:%M:%S"), *one[: one._fields.index("seq")]]
                for one in seen
            ],
            "failure": str(now.failure) if now.failure is not None else None,
            "player": self.player.told() if self.player else None,
        }

    def _charts(self) -> tuple[Any, ...]:
        drawn = picture(self._view)
        assert isinstance(drawn, Overview)  # noqa: S101 - a session is one
        return drawn.charts


def charts() -> str:
    """Return the charts as HTML, those of what is sent folded.

    Raises:
        GraphvizError: Graphviz is not installed, or failed.
    """
    main = "".join(_sections(media=False))
    media = "".join(_sections(media=True))
    return f"{main}<details>\n<summary>What is sent</summary>\n{media}</details>\n"


def _sections(*, media: bool) -> Iterator[str]:
    for chart in CHARTS:
        if (chart.name in MEDIA) is media:
            picture_ = svg(diagram(chart))
            yield _CHART.substitute(
                name=escape(chart.name),
                words=escape(chart.name.replace("_", " ")),
                state=escape(chart.initial),
                svg=picture_[picture_.index("<svg") :],
            )
