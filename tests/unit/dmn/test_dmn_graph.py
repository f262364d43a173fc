"""The requirement graph: decisions, knowledge models, services, imports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dmn_files import decision, definitions, input_data, literal, model, table

from complaintflow import feel
from complaintflow.dmn import DecisionModel, Fired
from complaintflow.errors import DecisionError, DefinitionError, FeelLimitExceeded, InvalidDecision

IMPORT_TYPE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def knowledge(name: str, parameters: str, logic: str, needs: tuple[str, ...] = (), type_ref: str = "") -> str:
    links = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{need}"/></knowledgeRequirement>' for need in needs
    )
    variable = f'<variable name="{name}"' + (f' typeRef="{type_ref}"' if type_ref else "") + "/>"
    inside = f"<encapsulatedLogic>{parameters}{logic}</encapsulatedLogic>"
    return f'<businessKnowledgeModel id="{name}" name="{name}">{variable}{inside}{links}</businessKnowledgeModel>'


def service(name: str, outputs: str, decisions: str = "", data: str = "", type_ref: str = "") -> str:
    variable = f'<variable name="{name}"' + (f' typeRef="{type_ref}"' if type_ref else "") + "/>"
    parts = "".join(f'<outputDecision href="#{each}"/>' for each in outputs.split())
    parts += "".join(f'<inputDecision href="#{each}"/>' for each in decisions.split())
    parts += "".join(f'<inputData href="#{each}"/>' for each in data.split())
    return f'<decisionService id="{name}" name="{name}">{variable}{parts}</decisionService>'


def test_required_decisions_come_first() -> None:
    """A decision sees the results of those it requires, each computed once however many need it."""
    calls: list[int] = []

    def once() -> int:
        calls.append(1)
        return 2

    graph = model(
        decision("base", literal("once()")),
        decision("left", literal("base + 1"), needs=["decision:base"]),
        decision("right", literal("base * 5"), needs=["decision:base"]),
        decision("top", literal("left + right"), needs=["decision:left", "decision:right"]),
    )
    assert graph.evaluate("top", {}, functions={"once": once}) == 13
    assert calls == [1]


def test_results_by_name_and_by_id() -> None:
    """A required result is known by its variable's name, and by its id as in Camunda 8."""
    graph = model(
        decision("Season of the year", literal('"fall"'), identity="season"),
        decision("a", literal("Season of the year"), needs=["decision:season"]),
        decision("b", literal("season"), needs=["decision:season"]),
    )
    assert graph.evaluate("a", {}) == graph.evaluate("b", {}) == "fall"
    assert graph.evaluate("Season of the year", {}) == "fall"


def test_undrawn_variables_are_visible() -> None:
    """As in Camunda, a table may read variables without drawing input data; they are read lazily, by key."""

    class Scope(dict[str, Any]):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[str] = []

        def __missing__(self, key: str) -> Any:
            self.asked.append(key)
            if key == "amount":
                return 7
            raise KeyError(key)

    scope = Scope()
    assert model(decision("d", literal("amount + 1"))).evaluate("d", scope) == 8
    assert scope.asked == ["amount"]


def test_a_circle_is_refused() -> None:
    """Decisions that need each other are a problem that names the circle, and an error when needed."""
    graph = model(
        decision("a", literal("b"), needs=["decision:b"]),
        decision("b", literal("a"), needs=["decision:a"]),
        decision("c", literal("a"), needs=["decision:a"]),
    )
    assert "'a' needs 'b' needs 'a'" in str(graph.problems[0])
    for name in "abc":
        with pytest.raises(InvalidDecision):
            graph.evaluate(name, {})


def test_a_long_chain_needs_no_recursion() -> None:
    """A chain of 1,000 decisions is evaluated without nesting."""
    chain = [decision("d0", literal("1"))]
    chain += [decision(f"d{n}", literal(f"d{n - 1} + 1"), needs=[f"decision:d{n - 1}"]) for n in range(1, 1000)]
    assert model(*chain).evaluate("d999", {}) == 1000


def test_a_requirement_to_nothing() -> None:
    """A requirement that points to no element is a problem of that decision."""
    graph = model(decision("a", literal("1"), needs=["decision:gone"]))
    assert "#gone" in str(graph.problems[0])
    with pytest.raises(InvalidDecision):
        graph.evaluate("a", {})


def test_input_types() -> None:
    """Input data are held against their type, structures from JSON included; what is absent is no error."""
    person = (
        '<itemDefinition name="tPerson"><itemComponent name="born"><typeRef>date</typeRef></itemComponent>'
        '<itemComponent name="name"><typeRef>string</typeRef></itemComponent></itemDefinition>'
    )
    graph = model(
        person, input_data("p", "tPerson"), decision("year", literal("p.born.year"), "number", needs=["input:p"])
    )
    assert graph.evaluate("year", {"p": {"born": "1990-01-01"}}) == 1990
    with pytest.raises(DecisionError, match=r"input 'p': expected date \(ISO 8601\) at born, got string"):
        graph.evaluate("year", {"p": {"born": "soon"}})
    with pytest.raises(DecisionError, match=r"expected .*, got number 3"):
        graph.evaluate("year", {"p": 3})


def test_allowed_values_and_collections() -> None:
    """Allowed values hold for each element of a collection; a type constraint holds for the whole list."""
    kinds = (
        '<itemDefinition name="tKinds" isCollection="true"><typeRef>string</typeRef>'
        '<allowedValues><text>"a","b"</text></allowedValues>'
        "<typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>"
    )
    graph = model(kinds, input_data("k", "tKinds"), decision("d", literal("count(k)"), needs=["input:k"]))
    assert graph.evaluate("d", {"k": ["a", "b"]}) == 2
    with pytest.raises(DecisionError, match=r'at \[2\], got string "c"'):
        graph.evaluate("d", {"k": ["a", "c"]})
    with pytest.raises(DecisionError, match="tKinds"):
        graph.evaluate("d", {"k": ["a", "a", "a"]})


def test_a_type_may_contain_itself() -> None:
    """A recursive item definition is checked to the bottom."""
    tree = (
        '<itemDefinition name="tNode"><itemComponent name="v"><typeRef>number</typeRef></itemComponent>'
        '<itemComponent name="next"><typeRef>tNode</typeRef></itemComponent></itemDefinition>'
    )
    graph = model(tree, input_data("n", "tNode"), decision("d", literal("n.next.v"), needs=["input:n"]))
    assert graph.evaluate("d", {"n": {"v": 1, "next": {"v": 2, "next": None}}}) == 2
    with pytest.raises(DecisionError, match=r"at next\.v"):
        graph.evaluate("d", {"n": {"v": 1, "next": {"v": "x"}}})


def test_unknown_type() -> None:
    """A type that nobody defines is a problem that names it."""
    assert "'tGone' is not defined" in str(model(decision("d", literal("1"), "tGone")).problems[0])


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ('<itemDefinition name="tA"><typeRef>tGone</typeRef></itemDefinition>', "'tGone' is not defined"),
        ('<itemDefinition name="tA"><typeRef>tA</typeRef></itemDefinition>', "defined by itself"),
        (
            '<itemDefinition name="tA"><typeRef>string</typeRef><allowedValues><text>&gt; &gt;</text></allowedValues>'
            "</itemDefinition>",
            "does not parse",
        ),
    ],
)
def test_broken_types(definition: str, words: str) -> None:
    """What is wrong with a type is a problem at load, and stops only what uses the type."""
    graph = model(definition, decision("d", literal("1"), "tA"), decision("fine", literal("1"), "number"))
    assert words in str(graph.problems[0])
    assert graph.evaluate("fine", {}) == 1
    with pytest.raises(DefinitionError):
        graph.evaluate("d", {})


def test_types_in_any_order_and_in_feel() -> None:
    """An item definition may stand before the one it refers to, and FEEL's `instance of` knows both."""
    kinds = (
        '<itemDefinition name="tOuter"><itemComponent name="inner"><typeRef>tInner</typeRef></itemComponent>'
        '</itemDefinition><itemDefinition name="tInner"><typeRef>number</typeRef></itemDefinition>'
    )
    graph = model(
        kinds,
        decision("d", literal('[{inner: 1} instance of tOuter, {inner: "x"} instance of tOuter]')),
        decision("e", literal("[1, 2]"), "list&lt;number&gt;"),
    )
    assert graph.evaluate("d", {}) == [True, False]
    assert graph.evaluate("e", {}) == [1, 2]


def test_result_type() -> None:
    """A result outside the decision's type is null with a warning (DMN 1.5, 10.3.2.9.4)."""
    warnings: list[feel.Warning] = []
    assert model(decision("d", literal("1"), "string")).evaluate("d", {}, warnings=warnings) is None
    assert "expected string, got number 1" in str(warnings[0])


def test_knowledge_models() -> None:
    """Knowledge models call each other, take named arguments, see only their own scope, and are evaluated directly."""
    parameter = '<formalParameter name="n" typeRef="number"/>'
    graph = model(
        knowledge("double it", parameter, literal("n * 2")),
        knowledge("more", parameter, literal("double it(n) + 1"), needs=("double it",)),
        knowledge("nosy", parameter, literal("secret")),
        decision("d", literal("more(n: x)"), needs=["knowledge:more"]),
        decision("peep", literal("nosy(1)"), needs=["knowledge:nosy"]),
    )
    assert graph.evaluate("d", {"x": 5}) == 11
    assert graph.evaluate("more", {"n": 1}) == 3
    assert graph.evaluate("peep", {"secret": 1}) is None
    assert graph.evaluate("double it", {"n": "x"}) is None


def test_recursive_knowledge_model() -> None:
    """A knowledge model may require itself; endless recursion is our own error."""
    parameter = '<formalParameter name="n"/>'
    graph = model(
        knowledge("sum to", parameter, literal("if n = 0 then 0 else n + sum to(n - 1)"), needs=("sum to",)),
        knowledge("endless", parameter, literal("endless(n)"), needs=("endless",)),
    )
    assert graph.evaluate("sum to", {"n": 10}) == 55
    with pytest.raises(FeelLimitExceeded):
        graph.evaluate("endless", {"n": 1})


def test_table_in_a_knowledge_model() -> None:
    """A table inside a knowledge model is traced under the model's id."""
    inside = table([("n", "number")], ["p"], [(("> 1",), ('"big"',))])
    graph = model(
        knowledge("size", '<formalParameter name="n"/>', inside),
        decision("d", literal("size(x)"), needs=["knowledge:size"]),
    )
    trace: list[Fired] = []
    assert graph.evaluate("d", {"x": 5}, trace=trace) == "big"
    assert trace == [Fired("size", ("r1",))]
    assert [rule.id for rule in graph.rules("size")] == ["r1"]


def test_services() -> None:
    """A service takes its input decisions from outside, without a look behind them; several outputs are a context."""
    parts = (
        input_data("n", "number"),
        decision("behind", literal("1 +")),
        decision("given", literal("behind"), needs=["decision:behind"]),
        decision("inner", literal("given + n"), needs=["decision:given", "input:n"]),
        decision("out", literal("inner * 2"), needs=["decision:inner"]),
        decision("other", literal("n"), needs=["input:n"]),
    )
    graph = model(
        *parts,
        service("one", "out", "given", "n"),
        service("two", "out other", "given", "n"),
        decision("caller", literal("one(1, 10)"), needs=["knowledge:one"]),
    )
    assert graph.evaluate("one", {"n": 1, "given": 10}) == 22
    assert graph.evaluate("two", {"n": 1, "given": 10}) == {"out": 22, "other": 1}
    assert graph.evaluate("caller", {"n": 99}) == 22
    assert [item.name for item in graph.inputs("one")] == ["n", "given"]


def test_decision_without_logic() -> None:
    """A decision without logic is null with a warning."""
    warnings: list[feel.Warning] = []
    assert model(decision("d", "")).evaluate("d", {}, warnings=warnings) is None
    assert "no logic" in str(warnings[0])


def test_unknown_decision() -> None:
    """An unknown name is an error that lists what there is."""
    with pytest.raises(InvalidDecision) as caught:
        model(decision("d", literal("1"))).evaluate("x", {})
    assert "no decision 'x'" in str(caught.value)
    assert "d" in caught.value.remedy


def imported(name: str, target: str) -> str:
    return f'<import name="{name}" namespace="{target}" importType="{IMPORT_TYPE}"/>'


LIBRARY = definitions(
    '<itemDefinition name="tSize"><typeRef>number</typeRef></itemDefinition>',
    input_data("base", "tSize"),
    decision("twice it", literal("base * 2"), needs=["input:base"]),
    knowledge("inc", '<formalParameter name="n"/>', literal("n + 1")),
    target="urn:lib",
)


def test_imports() -> None:
    """Imported decisions, knowledge models and types are used through the import's name."""
    graph = model(
        imported("lib", "urn:lib"),
        input_data("x", "lib.tSize"),
        decision(
            "d",
            literal("lib.inc(lib.twice it) + x"),
            needs=["decision:urn:lib#twice it", "knowledge:urn:lib#inc", "input:x"],
        ),
        imports=lambda namespace, location: LIBRARY if namespace == "urn:lib" else None,
    )
    assert graph.evaluate("d", {"lib": {"base": 4}, "x": 1}) == 10
    assert graph.evaluate("d", {"base": 4, "x": 1}) == 10


def test_imports_from_the_folder(tmp_path: Path) -> None:
    """A file's imports are found in its folder by namespace, past files that are broken."""
    (tmp_path / "a_broken.dmn").write_text("<oops")
    (tmp_path / "library.dmn").write_text(LIBRARY)
    main = definitions(
        imported("lib", "urn:lib"), decision("d", literal("lib.inc(1)"), needs=["knowledge:urn:lib#inc"])
    )
    (tmp_path / "main.dmn").write_text(main)
    assert DecisionModel.load(tmp_path / "main.dmn").evaluate("d", {}) == 2


def test_imports_stay_in_the_folder(tmp_path: Path) -> None:
    """A location that leads out of the folder is not followed."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "library.dmn").write_text(LIBRARY)
    there = imported("lib", "urn:lib").replace("<import", '<import locationURI="../library.dmn"')
    (tmp_path / "inner" / "main.dmn").write_text(definitions(there))
    with pytest.raises(InvalidDecision, match="import 'lib' is not found"):
        DecisionModel.load(tmp_path / "inner" / "main.dmn")


def test_import_without_a_name() -> None:
    """An import with an empty name adds the imported elements and types to the file's own."""
    graph = model(
        imported("", "urn:lib"),
        input_data("x", "tSize"),
        decision("d", literal("twice it + x"), needs=["decision:urn:lib#twice it", "input:x"]),
        imports=lambda namespace, location: LIBRARY,
    )
    assert graph.evaluate("d", {"base": 4, "x": 1}) == 9


def test_problems_of_imported_files() -> None:
    """What cannot run in an imported file is listed with the importing one."""
    broken = definitions(decision("d", literal("1 +")), target="urn:lib")
    graph = model(imported("lib", "urn:lib"), imports=lambda namespace, location: broken)
    assert "urn:lib, decision 'd'" in graph.problems[0].where


def test_imports_in_a_circle() -> None:
    """Two files that import each other are refused."""
    back = definitions(imported("m", "https://example.org/m"), target="urn:lib")
    with pytest.raises(InvalidDecision, match="leads back"):
        model(imported("lib", "urn:lib"), imports=lambda namespace, location: back)


def test_knowledge_models_share_one_bound() -> None:
    """Knowledge models that call each other again and again end at the bound on steps, soon and not after hours."""
    knowledge = (
        '<businessKnowledgeModel id="fib" name="fib"><encapsulatedLogic><formalParameter name="n"/>'
        f"{literal('if n < 2 then 1 else fib(n - 1) + fib(n - 2)')}</encapsulatedLogic>"
        '<knowledgeRequirement><requiredKnowledge href="#fib"/></knowledgeRequirement></businessKnowledgeModel>'
    )
    few, many = (model(knowledge, decision("d", literal(f"fib({n})"), needs=["knowledge:fib"])) for n in (10, 50))
    assert few.evaluate("d", {}) == 89
    with pytest.raises(FeelLimitExceeded, match=r"Limits\.steps"):
        many.evaluate("d", {}, limits=feel.Limits(steps=20_000))


def test_argument_of_a_service_that_does_not_fit() -> None:
    """As with a knowledge model, an argument of another type makes the result null, whatever is done with it."""
    asked = "<decisionService id='s' name='s'><outputDecision href='#out'/><inputData href='#i'/></decisionService>"
    parts = (input_data("i", "number"), decision("out", literal("i = null"), needs=["input:i"]), asked)
    result = decision("d", literal('[s(1), s("x"), s(null)]'), needs=["knowledge:s"])
    assert model(*parts, result).evaluate("d", {}) == [False, None, True]


def test_expressions_of_a_decision_share_one_bound() -> None:
    """A boxed loop around an expression may not do a hundred times what one expression may."""

    def loop(condition: str) -> str:
        body = literal(f"every x in 1..300 satisfies {condition}")
        return f'<for iteratorVariable="i"><in>{literal("1..100")}</in><return>{body}</return></for>'

    limits = feel.Limits(steps=20_000)
    assert len(model(decision("d", loop("x > 1"))).evaluate("d", {}, limits=limits)) == 100
    with pytest.raises(FeelLimitExceeded, match=r"Limits\.steps"):
        model(decision("d", loop("x > 0"))).evaluate("d", {}, limits=limits)
