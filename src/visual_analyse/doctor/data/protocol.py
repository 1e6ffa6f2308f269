"""The protocol: who would be compared with whom."""

from __future__ import annotations

from collections.abc import Iterator

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.data.census import Census, census, evenly
from visual_analyse.doctor.data.places import partition
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.protocols import Protocol
from visual_analyse.names import listed, plain

_SUBJECT = "protocol"
_TRIED = 40  # probes whose gallery is looked up
_OTHERWISE = "-p and -g with folders of your own, or another data_cfg.test_dataset_name in the config"


@fact("the protocol needs more than there is")
def protocol(case: Case) -> Protocol:
    """The evaluation of the config's dataset."""
    found, known = config(case), partition.get(case)
    settings = found.sections.get("evaluator_cfg")
    crossed = settings.get("cross_view_gallery", False) if isinstance(settings, dict) else False
    return Protocol(found.test_dataset_name, None if known is None else known[1], bool(crossed))


def check_protocol(case: Case) -> Iterator[Finding]:
    """How many probes and gallery walks the dataset's evaluation finds, and whether probes have a gallery."""
    classes = config(case).classes
    if classes:
        said = f"a classifier, which is asked for its class ({listed(list(classes))}) and compares with no walk"
        yield Finding(_SUBJECT, "ok", said)
        return
    rule, found = protocol.demand(case), census(case)
    walks = found.walks
    probes = rule.probes(walks)
    if not probes:
        yield _without_probes(rule, found)
        return
    galleries, lonely, unmatched, fault = set[int](), 0, 0, ""
    tried = evenly(probes, _TRIED)
    for probe in tried:
        try:
            gallery = rule.gallery_for(probe, walks)
        except VisualAnalyseError as error:
            lonely, fault = lonely + 1, fault or str(error)
            continue
        unmatched += all(walk.id != probe.id for walk in gallery)
        galleries.update(map(id, gallery))
    some = "" if len(tried) == len(probes) else f" (of {len(tried)} probes looked up)"
    if lonely < len(tried):
        yield Finding(
            _SUBJECT, "ok",
            f"{len(probes):,} probes, {len(galleries):,} gallery walks{some}{found.extent}: {rule.rule(tried[0])}",
        )  # fmt: skip
    if lonely:
        yield Finding(
            _SUBJECT, "wrong" if lonely == len(tried) else "note",
            f"{lonely} of {len(tried)} probes looked up have no gallery. {fault}", _OTHERWISE,
        )  # fmt: skip
    if unmatched:
        yield Finding(
            _SUBJECT, "note",
            f"{unmatched} of {len(tried)} probes looked up have no gallery walk of their own identity: their match can "
            "only be wrong", "nothing, if that is known; else the missing walks added",
        )  # fmt: skip


def _without_probes(rule: Protocol, found: Census) -> Finding:
    """Why no walk is a probe; a note where walks that are none have a gallery all the same."""
    walks = found.walks
    said = f"none of {len(walks):,} walks{found.extent} is a probe by the evaluation of {plain(rule.dataset)}"
    remedy = _OTHERWISE
    if rule.partition is not None and not {walk.id for walk in walks} & set(rule.partition.test):
        said += ", their ids being no test ids of the partition"
        remedy = "data_cfg.dataset_partition: the dataset's own file, if they should be"
    else:
        said += f"; their types are {listed(sorted({walk.type for walk in walks}))}"
    try:
        gallery = rule.gallery_for(walks[0], walks)
    except VisualAnalyseError:
        return Finding(_SUBJECT, "wrong", f"{said}, and there is no gallery", remedy)
    return Finding(
        _SUBJECT, "note",
        f"{said}: how many are recognised cannot be told. {plain(walks[0].name)} would be compared with "
        f"{len(gallery):,} walks", remedy,
    )  # fmt: skip
