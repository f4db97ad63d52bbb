"""The page of a preview: its figures are those of --json, nothing foreign acts in it, and browsers are content."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cli.formats.preview import as_json, page
from shared.desk.preview.previewed import PreviewedMailbox
from shared.desk.preview.report import PreviewReport
from shared.desk.preview.rule_set import RuleSet
from tests.browser import NO_BROWSER, Browser, browser, executable
from tests.cli.preview_reports import doubled, report
from tests.desk.preview.samples import RULES, SET, mailboxes, meeting, policy, seeded
from tests.hostile import HOSTILE

IN_MARKUP = (
    "<script>document.title='PWNED'</script>",
    "</td></tr></table><img src=x onerror=\"document.title='PWNED'\">",
    '" onmouseover="document.title=\'PWNED\'" x="',
    "'><svg/onload=\"document.title='PWNED'\">",
    "<!-- meetings -->{{7*7}}${7*7}&lt;b&gt;</title></style><base href=https://evil.example/>",
    "javascript:alert(1)",
)
EVERY = (*IN_MARKUP, *HOSTILE)


class Tables(HTMLParser):
    """Reads the cells of all tables, by their ids, and everything else that matters."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._cells: list[list[str]] = []
        self._is_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "table":
            self._cells = self.tables.setdefault(dict(attrs).get("id") or "", [])
        elif tag == "tr":
            self._cells.append([])
        elif tag in {"td", "th"}:
            self._cells[-1].append("")
            self._is_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._is_cell &= tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._is_cell:
            self._cells[-1][-1] += data


def written(shown: PreviewReport) -> str:
    return "".join(page.pieces(shown))


def numbers(row: list[str]) -> list[int]:
    return [int(cell.replace(",", "")) for cell in row if cell.replace(",", "").isdigit()]


@pytest.fixture(scope="module")
def shown() -> PreviewReport:
    """A report with two rule sets."""
    changed = RuleSet("changed", policy(RULES.replace("mode: report", "mode: enforce")))
    return report(doubled(mailboxes(seeded(4), 30, 60)), (SET, changed))


def test_the_figures_of_the_page_are_those_of_the_json(shown: PreviewReport) -> None:
    """Each table of charts, for both rule sets, and the list of meetings."""
    document = json.loads("".join(as_json.pieces(shown)))
    tables = Tables(written(shown)).tables

    for position, rules in enumerate(document["rule_sets"]):
        promoted, now = rules["promoted"], rules["as_it_stands"]
        keys = ("meetings", "to_add", "attendees", "mailboxes", "other_links")
        assert [numbers(row) for row in tables[f"rules-{position}"][1:]] == [
            [before["meetings"], *(after[key] for key in keys)]
            for before, after in zip(
                [*now["rules"], now["links"]], [*promoted["rules"], promoted["links"]], strict=True
            )
        ]
        assert [numbers(row) for row in tables[f"reasons-{position}"][1:]] == [
            [each["meetings"], each["mailboxes"]] for each in promoted["without_link"]
        ]
        assert [(row[0], *numbers(row)) for row in tables[f"mailboxes-{position}"][1:]] == [
            (each["mailbox"], each["links"], each["attendees"]) for each in promoted["most_concerned"][:12]
        ]
        assert [numbers(row[1:]) for row in tables[f"sizes-{position}"][1:]] == [
            [each["links"]] for each in promoted["sizes"]
        ]
        limits = [numbers(row)[0] for row in tables[f"limits-{position}"][1:] if len(row) > 1]
        assert limits == [
            x[key]["links"] for x in promoted["limits"] for key in ("busiest_hour", "busiest_day")
        ]
    for stance, changes in document["changes"].items():
        assert [numbers(row) for row in tables[f"changes-{stance}"][1:]] == [
            [each["meetings"], each["mailboxes"], each["attendees"]] for each in changes
        ]
    assert [row[0][:16] for row in tables["meetings"][1:]] == [
        each["start"][:16].replace("T", " ") for each in document["meetings"]
    ]


def test_the_days_of_the_chart_are_those_of_the_json(shown: PreviewReport) -> None:
    """Each column says its numbers."""
    document = json.loads("".join(as_json.pieces(shown)))
    expected = [
        f"{each['day']}: {each['rule']} {each['links']}"
        for rules in document["rule_sets"]
        for each in rules["promoted"]["days"]
    ]
    texts = Tables(written(shown)).texts

    assert expected
    assert set(expected) <= set(texts)


def hostile_report(text: str) -> PreviewReport:
    """Return a report in which every foreign text is hostile."""
    chance = seeded(5)
    meetings = [
        meeting(chance, number, f"{number}{text}", id=f"{number}{text}", subject=f"{number}{text}")
        for number in range(12)
    ]
    box = PreviewedMailbox(mailbox=text, status=mailboxes(chance, 1)[0].status, meetings=tuple(meetings))
    left = PreviewedMailbox(mailbox=f"left{text}", status=type(box.status).LEFT, why=text)
    return report([box, left], (RuleSet(text, SET.policy),))


@pytest.mark.parametrize("text", [pytest.param(text, id=repr(text)[1:-1][:24]) for text in EVERY])
def test_nothing_foreign_becomes_markup(text: str) -> None:
    """The page has the tags and attributes of a harmless one."""
    usual, hostile = Tables(written(hostile_report("x"))), Tables(written(hostile_report(text)))

    assert hostile.tags == usual.tags
    assert [name for name, _value in hostile.attributes] == [name for name, _value in usual.attributes]
    assert hostile.tags.count("script") == 1


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, shown: PreviewReport) -> Iterator[Browser]:
    """The page in a real browser, with hostile texts in it."""
    if not executable():
        pytest.skip(NO_BROWSER)
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(written(shown), encoding="utf-8")
    with browser() as page_in_browser:
        page_in_browser.open(file)
        yield page_in_browser


def search(opened: Browser, words: str, result: str = "") -> Any:
    """Type into the search, choose a result, and return what is shown."""
    opened.evaluate(
        f"""(() => {{
        document.getElementById("search").value = {json.dumps(words)};
        document.getElementById("filter").value = {json.dumps(result)};
        document.getElementById("search").dispatchEvent(new Event("input"));
        }})()"""
    )
    rows = 'Array.from(document.querySelectorAll("#meetings tbody tr"))'
    return opened.evaluate(f"{rows}.filter((row) => row.offsetParent !== null).map((row) => row.innerText)")


def test_a_browser_has_nothing_to_complain_about_and_requests_nothing(opened: Browser) -> None:
    """It opens from disk: no error, no warning, and no request but the file itself."""
    assert [url.partition(":")[0] for url in opened.requests] == ["file"]
    assert opened.complaints == []


def test_the_meetings_can_be_searched_and_sorted(opened: Browser, shown: PreviewReport) -> None:
    """By words in any order, and by result."""
    everything = search(opened, "")
    some = search(opened, "LINK p3@contoso")
    changed = search(opened, "", "changed")

    assert len(everything) == len(list(shown.meetings())) == 50
    assert 0 < len(some) < 50
    assert all("p3@contoso.com" in row for row in some)
    assert 0 < len(changed) <= 50
    assert opened.evaluate("document.getElementById('found').textContent") == f"{len(changed)} of 50 shown"
    opened.evaluate("document.querySelectorAll('#meetings th button')[1].click()")
    names = [row.split("\t")[1] for row in search(opened, "")]
    assert names == sorted(names, key=lambda name: int(name.strip("p").partition("@")[0]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_contrast_with_what_is_behind_them(opened: Browser, scheme: str, tmp_path: Path) -> None:
    """At least 4.5 to 1, in both schemes (WCAG 2.2, 1.4.3)."""
    opened.screenshot(tmp_path / "shot.png", scheme=scheme, width=1280, height=900)
    contrasts = opened.evaluate(
        """(() => {
        const light = (colour) => {
          const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
            const each = part / 255;
            return each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element) => {
          const colour = getComputedStyle(element).backgroundColor;
          return /, 0\\)$/.test(colour) ? behind(element.parentElement) : colour;
        };
        return Array.from(document.querySelectorAll("h1, p, td, th, span, li, .tile b")).map((element) => {
          const both = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
          return [(both[0] + 0.05) / (both[1] + 0.05), element.outerHTML.slice(0, 80)];
        });
        })()"""
    )

    assert len(contrasts) > 100
    assert [each for each in contrasts if each[0] < 4.5] == []
    assert (tmp_path / "shot.png").stat().st_size > 10_000


def test_hostile_texts_do_nothing_in_a_browser(tmp_path: Path) -> None:
    """Even if one got in unescaped, the policy of the page would stop it."""
    if not executable():
        pytest.skip(NO_BROWSER)
    with browser() as opened:
        for number, text in enumerate(IN_MARKUP):
            file = tmp_path / f"{number}.html"
            file.write_text(written(hostile_report(text)), encoding="utf-8")
            opened.open(file)
            assert opened.evaluate("document.title") == "Joinlink preview"
            assert opened.evaluate("document.getElementById('found').textContent") == "12 of 12 shown"
        unescaped = written(hostile_report("x")).replace("0x", "<script>document.title='PWNED'</script>", 1)
        (tmp_path / "unescaped.html").write_text(unescaped, encoding="utf-8")
        assert opened.complaints == []
        opened.open(tmp_path / "unescaped.html")
        assert opened.evaluate("document.title") == "Joinlink preview"
        assert "Content Security Policy" in opened.complaints[0]
        assert {url.partition(":")[0] for url in opened.requests} == {"file"}


def test_it_prints(opened: Browser, tmp_path: Path) -> None:
    """On a few pages; textures would make the file a hundred times as large."""
    opened.print_to(tmp_path / "page.pdf")
    printed = (tmp_path / "page.pdf").read_bytes()

    assert printed.startswith(b"%PDF")
    assert len(printed) < 1_000_000
