"""Import: a file by hand, and a report on each line that was no good."""

from __future__ import annotations

from nicegui import ui
from nicegui.events import UploadEventArguments

from zhiyin.app.console.door import MOST_MIB
from zhiyin.app.console.parts import box, button, card, download, fault, figure, link, text
from zhiyin.app.console.parts import table as draw_table
from zhiyin.app.console.uploads import KINDS, store
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import StreamReport

_SHOWN = 20


async def build(visit: Visit) -> None:
    """The import."""
    words = visit.words
    await visit.client.read_overview()  # says what is missing before a file is chosen
    with card(words("A file")):
        text(
            "p",
            words(
                "CSV with a header, or one JSON object per line, at most {n} MiB. Items need "
                "item_id, users user_id, events user_id and mostly item_id and type. Larger "
                "files and other formats: zhiyin import.",
                n=MOST_MIB,
            ),
        )
        kind = ui.toggle({name: words(name) for name in KINDS}, value="items")
        kind.props("no-caps unelevated")
        bar = box("progress", "zy-progress", max="1", aria_label=words("Progress"))
        bar.props["value"] = 0

        async def take(event: UploadEventArguments) -> None:
            def done(share: float) -> None:
                bar.props["value"] = share

            report.clear()
            try:
                content = await event.file.read()
                found = await store(
                    visit.client, kind.value or "items", event.file.name, content, progress=done
                )
            except ServiceError as error:
                with report:
                    fault(error, words)
                return
            with report:
                _draw(visit, found)

        upload = ui.upload(
            on_upload=take,
            auto_upload=True,
            max_file_size=MOST_MIB * 2**20,
            on_rejected=lambda: ui.notify(words("The file is too large."), type="negative"),
        )
        # The widget's own controls have no names; it stays out of sight, and a button opens it.
        upload.props('accept=".csv,.tsv,.jsonl,.ndjson,.json"').style("display: none")
        button(words("Choose a file"), lambda: upload.run_method("pickFiles"), kind="main")
    report = box("div", role="status")


def _draw(visit: Visit, found: StreamReport) -> None:
    words = visit.words
    with card(words("What became of it")):
        with box("div", "zy-figures"):
            figure(words("Lines"), f"{found.lines:,}")
            figure(words("Stored"), f"{found.accepted:,}")
            figure(words("There already"), f"{found.duplicates:,}")
            figure(words("Refused"), f"{found.rejected:,}")
        if found.faults:
            rows = [(one.line, one.problem) for one in found.faults]
            with box("div", "zy-row"):
                text("h3", words("Lines that were refused"))
                download(words, ("line", "problem"), rows, file="refused")
            draw_table([words("Line"), words("Problem")], rows[:_SHOWN], label=words("Refused"))
        link(words("Start a training"), "/models")
