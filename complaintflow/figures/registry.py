"""Every figure: what is counted, over what, in which unit. Nothing else defines one; docs/figures.md is made from this.

All are of cases of one policy, and of a time: what was written into the history from its beginning on and before its
end. A fact's last entry within the time counts, so that a figure of a time that is over never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from complaintflow.records import dataclass

Language = Literal["en", "zh"]
Words = Mapping[Language, str]
Unit = Literal["cases", "promises", "%", "points", "days", "working days", "money"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure.

    Attributes:
        id: its name in code and files.
        unit: of the value; "%" is numerator / denominator x 100.
        label, numerator, denominator: in words.
        facts: it is there only if the policy has these.
        parts: what it is told apart by even without being asked: a fact, "deadline" or "bearer".
    """

    id: str
    unit: Unit
    label: Words
    numerator: Words
    denominator: Words
    facts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


_NONE: Final[Words] = {"en": "-", "zh": "-"}
_ALL: Final = (
    Definition(
        "received",
        "cases",
        {"en": "Complaints received", "zh": "收到的投诉数"},
        {"en": "cases that began in the time", "zh": "期间内开始的案件数"},
        _NONE,
        parts=("type", "department"),
    ),
    Definition(
        "ended",
        "cases",
        {"en": "Cases ended", "zh": "结案数"},
        {
            "en": "cases that came to their end in the time, those called off left out",
            "zh": "期间内走完流程的案件数，不含撤销",
        },
        _NONE,
    ),
    Definition(
        "acceptance",
        "%",
        {"en": "Acceptance rate", "zh": "受理率"},
        {"en": "cases accepted, by the last word of the time", "zh": "以期间内最后一次决定为准，予以受理的案件数"},
        {"en": "cases accepted or turned away in the time", "zh": "期间内决定受理或不予受理的案件数"},
        facts=("accepted",),
    ),
    Definition(
        "handling",
        "%",
        {"en": "Handling rate", "zh": "办结率"},
        {"en": "of those, cases handled by the end of the time", "zh": "其中到期末已办结的案件数"},
        {
            "en": "cases accepted in the time; where the policy has no fact 'accepted', cases that began in it",
            "zh": "期间内受理的案件数；制度没有“受理”事实的，为期间内开始的案件数",
        },
        facts=("handled",),
    ),
    Definition(
        "satisfaction",
        "%",
        {"en": "Satisfaction", "zh": "满意率"},
        {"en": "complainants who said that they are satisfied", "zh": "表示满意的投诉人数"},
        {
            "en": "complainants who answered in the time; who stayed silent or was not reached is neither",
            "zh": "期间内作出答复的投诉人数；未答复或联系不上的既不算满意也不算不满意",
        },
        facts=("satisfied",),
    ),
    Definition(
        "score",
        "points",
        {"en": "Satisfaction score", "zh": "满意度评分"},
        {"en": "the sum of the scores given in the time", "zh": "期间内评分之和"},
        {"en": "complainants who gave one", "zh": "评分的投诉人数"},
        facts=("score",),
    ),
    Definition(
        "feedback",
        "%",
        {"en": "On-time feedback rate", "zh": "按时反馈率"},
        {"en": "of those, answers given by their day", "zh": "其中按期作出的答复数"},
        {
            "en": "answers to complainants that were due in the time; one that is overdue and not yet sent is late; "
            "those that nobody waits for any more are left out",
            "zh": "期间内到期的对投诉人的答复数；逾期未发出的算迟延；不再需要的不计",
        },
    ),
    Definition(
        "breaches",
        "promises",
        {"en": "Broken promises", "zh": "逾期数"},
        {
            "en": "deadlines of the policy that passed in the time without what they promise",
            "zh": "期间内到期而未按期完成的时限数",
        },
        {"en": "deadlines that were due in the time", "zh": "期间内到期的时限数"},
        parts=("deadline",),
    ),
    Definition(
        "duration",
        "days",
        {"en": "Duration, median", "zh": "处理时长（中位数）"},
        {
            "en": "days of 24 hours from beginning to end, of the case in the middle",
            "zh": "居中案件从开始到结束的天数（每天24小时）",
        },
        {"en": "cases ended in the time", "zh": "期间内结案数"},
    ),
    Definition(
        "duration_p90",
        "days",
        {"en": "Duration, nine of ten", "zh": "处理时长（九成以内）"},
        {"en": "days of 24 hours that nine of ten cases did not exceed", "zh": "九成案件不超过的天数（每天24小时）"},
        {"en": "cases ended in the time", "zh": "期间内结案数"},
    ),
    Definition(
        "working_days",
        "working days",
        {"en": "Working days, median", "zh": "处理工作日（中位数）"},
        {"en": "working days after the first day, of the case in the middle", "zh": "居中案件首日之后的工作日数"},
        {
            "en": "cases whose working days were counted in the time: at their end",
            "zh": "期间内（结案时）计入工作日的案件数",
        },
        facts=("working_days",),
    ),
    Definition(
        "working_days_p90",
        "working days",
        {"en": "Working days, nine of ten", "zh": "处理工作日（九成以内）"},
        {"en": "working days that nine of ten cases did not exceed", "zh": "九成案件不超过的工作日数"},
        {
            "en": "cases whose working days were counted in the time: at their end",
            "zh": "期间内（结案时）计入工作日的案件数",
        },
        facts=("working_days",),
    ),
    Definition(
        "reopened",
        "cases",
        {"en": "Taken up again", "zh": "重新处理数"},
        {"en": "cases taken up again for the first time in the time", "zh": "期间内首次重新处理的案件数"},
        _NONE,
        facts=("reopened",),
    ),
    Definition(
        "cost",
        "money",
        {"en": "Cost", "zh": "投诉成本"},
        {
            "en": "the sum of what complaints cost, as last recorded in the time",
            "zh": "期间内最后一次记录的投诉成本之和",
        },
        {"en": "cases with a cost", "zh": "有成本的案件数"},
        facts=("cost",),
        parts=("bearer",),
    ),
)
REGISTRY: Final[Mapping[str, Definition]] = {one.id: one for one in _ALL}
"""Every figure by its id, in the order in which they are shown."""
