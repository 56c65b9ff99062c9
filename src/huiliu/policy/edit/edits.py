"""Changing a policy file clause by clause as a form does, while the file stays its writer's: comments, order, quotes,
columns and the language of every key. Raises PolicyError for a text that does not read; nothing else is edited.
"""

from __future__ import annotations

import msgspec

from huiliu.kit.errors import Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.policy.clauses import Drafts, read_clause_list
from huiliu.policy.document import Mapping, Node, Report, Sequence, read_document
from huiliu.policy.edit import text as texts
from huiliu.policy.edit.model import (
    AddCase,
    AddClause,
    ChangeClause,
    ChangeHead,
    ChangeLimits,
    ClauseRow,
    DuplicateClause,
    Edit,
    LastClause,
    MoveClause,
    NotThere,
    OnlyAsText,
    RemoveCase,
    RemoveClause,
)
from huiliu.policy.edit.text import Edited, Part
from huiliu.policy.edit.words import Spelling, clause_fields, clause_written, golden_written, is_english, limit_words
from huiliu.policy.model import Clause, GoldenCase, Limits, Policy, Test
from huiliu.policy.parse import parse_policy
from huiliu.policy.words import KEYS

_HEAD = {"name": "策略", "name_en": "名称英文", "text": "说明", "text_en": "说明英文", "label": "版本"}


def clause_rows(source: str) -> tuple[ClauseRow, ...]:
    """Every clause as it is written, list by list."""
    return _rows(source, parse_policy(source))


def apply(source: str, edits: tuple[Edit, ...]) -> str:
    """The text after the edits. Raises PolicyError (a text that does not read), NotThere, LastClause, OnlyAsText.

    What comes out is not promised to read: a clause may have been given a name that is too long, and says so then.
    """
    text = source
    for edit in edits:
        policy = parse_policy(text)
        after = _apply(text, policy, edit)
        _check_rest(text, policy, after, edit)
        text = after
    return text


def _apply(text: str, policy: Policy, edit: Edit) -> str:
    match edit:
        case ChangeClause() | DuplicateClause() | AddClause() | RemoveClause() | MoveClause():
            return _apply_to_clause(text, policy, edit)
        case ChangeLimits(limits=limits):
            return _change_limits(text, policy, limits)
        case ChangeHead():
            return _change_head(text, policy, edit)
        case AddCase(case=case):
            return _add_case(text, policy, case)
        case RemoveCase(name=name):
            return _remove_case(text, policy, name)


def _apply_to_clause(
    text: str, policy: Policy, edit: ChangeClause | DuplicateClause | AddClause | RemoveClause | MoveClause
) -> str:
    root = texts.read_parts(text)
    wanted = edit.after if isinstance(edit, AddClause) else edit.clause_id
    row = next((row for row in _rows(text, policy) if row.clause.id == wanted), None)
    if row is None:
        raise NotThere(word=wanted)
    where = _clause_lists(root)[row.group]
    spelling = Spelling(policy, root, where.items[row.place])
    match edit:
        case ChangeClause(wanted=clause):
            edited = _changed(texts.item_text(text, where, row.place), spelling, row.clause, clause)
            text = texts.replace_item(text, where, row.place, edited)
            return text if clause.id == wanted else _renamed(text, wanted, clause.id)
        case DuplicateClause(new_id=new_id):
            copy = msgspec.structs.replace(row.clause, id=new_id)
            written = _changed(texts.item_text(text, where, row.place), spelling, row.clause, copy).text.lstrip(" ")
            return texts.insert_item(text, where, row.place + 1, written)
        case AddClause(clause=clause):
            column = 0 if where.is_flow else texts.item_column(text, where)
            is_flow = where.is_flow or where.items[row.place].is_flow
            return texts.insert_item(text, where, row.place + 1, clause_written(spelling, clause, column, is_flow))
        case RemoveClause():
            if len(where.items) == 1:
                raise LastClause
            return _renamed(texts.cut_item(text, where, row.place), wanted, None)
        case MoveClause(down=down):
            at = row.place if down else row.place - 1
            if not 0 <= at < len(where.items) - 1:
                raise NotThere(word=wanted)
            return texts.swap_items(text, where, at)


def _changed(item: str, spelling: Spelling, before: Clause, wanted: Clause) -> Edited:
    """One clause's own text with only the differences rewritten. `item` reads by itself."""
    comments: tuple[str, ...] = ()
    for change in clause_fields(spelling, before, wanted):
        # Each change is made to the text as the one before left it; a clause is short.
        part = texts.read_parts(item)
        for step in change.within:
            value = part.value(step)
            assert value is not None, "a condition stands within 当"
            part = value
        edited = Edited(item)
        old = part.value(change.key)
        if change.items is not None and old is not None and old.is_list and change.items:
            edited = _list_changed(item, old, change.items, spelling)
        elif change.value is not None:
            edited = texts.put(item, part, change.key, change.value, after=change.after)
        elif old is not None:
            edited = texts.drop(item, part, change.key)
        item, comments = edited.text, (*comments, *edited.comments)
    return Edited(item, comments)


def _list_changed(item: str, old: Part, words: tuple[str, ...], spelling: Spelling) -> Edited:
    known = [spelling.meant(each.text) for each in old.items]
    wanted = [spelling.meant(word) for word in words]
    keep = frozenset(i for i, word in enumerate(known) if word in wanted)
    add = tuple(texts.scalar(word) for word, meant in zip(words, wanted, strict=True) if meant not in known)
    return texts.change_items(item, old, keep, add)


def _renamed(text: str, clause_id: str, new_id: str | None) -> str:
    """References to a clause follow it, or go with it."""
    while (found := _reference(texts.read_parts(text), clause_id)) is not None:
        where, key, value, place = found
        if place is not None and (new_id is not None or len(value.items) > 1):
            item = value.items[place]
            if new_id is not None:
                text = text[: item.start] + texts.scalar(new_id, item.quote) + text[item.end :]
            else:
                edited = texts.change_items(text, value, frozenset(range(len(value.items))) - {place}, ())
                text = texts.above(edited.text, where.start, edited.comments)
        elif new_id is not None:
            text = texts.put(text, where, key, texts.scalar(new_id, value.quote)).text
        else:
            edited = texts.drop(text, where, key)
            text = texts.above(edited.text, where.start, edited.comments)
    return text


def _reference(root: Part, clause_id: str) -> tuple[Part, str, Part, int | None] | None:
    """The first place that names the clause: (mapping, its key, the value, which item of it)."""
    maps = [(item, "例外于", "clause") for where in _clause_lists(root) for item in where.items]
    maps += [(item, "不适用", "override") for item in _items(_section(root, "按商品", "policy"))]
    for case in _items(_section(root, "样例", "policy")):
        expect = _section(case, "应当", "case")
        if expect is not None and expect.is_map:
            maps.append((expect, "条款", "expect"))
    for where, key, kind in maps:
        value = _section(where, key, kind)
        if value is None:
            continue
        written = key if where.value(key) is not None else KEYS[kind][key]
        if value.is_list:
            place = next((i for i, item in enumerate(value.items) if item.text == clause_id), None)
            if place is not None:
                return where, written, value, place
        elif value.text == clause_id:
            return where, written, value, None
    return None


def _change_limits(text: str, policy: Policy, limits: Limits) -> str:
    english = is_english(texts.read_parts(text), "policy")
    for key, words in limit_words(policy.limits, limits, english=english):
        root = texts.read_parts(text)
        where = _section(root, "限制", "policy")
        if where is None:
            name = KEYS["policy"]["限制"] if english else "限制"
            value = f"{{{key}: {words}}}" if root.is_flow else f"\n  {key}: {words}"
            text = texts.put(text, root, name, value).text
            continue
        other = next((a if b == key else b for a, b in KEYS["limits"].items() if key in (a, b)), key)
        text = texts.put(text, where, other if where.value(other) is not None else key, words).text
    return text


def _change_head(text: str, policy: Policy, edit: ChangeHead) -> str:
    for field, key in _HEAD.items():
        wanted: str | None = getattr(edit, field)
        if wanted is None or wanted == getattr(policy, field):
            continue
        text = _head(text, key, wanted)
    if edit.effective_from is not None and edit.effective_from != policy.effective_from:
        text = _head(text, "生效", edit.effective_from.astimezone(SHANGHAI).isoformat())
    return text


def _head(text: str, key: str, words: str) -> str:
    root = texts.read_parts(text)
    english = KEYS["policy"][key]
    name = english if root.value(english) is not None or is_english(root, "policy") else key
    name = key if root.value(key) is not None else name
    old = root.value(name)
    if not words:
        edited = Edited(text) if old is None else texts.drop(text, root, name)
        return texts.above(edited.text, root.start, edited.comments)
    order = tuple(KEYS["policy"])[: tuple(KEYS["policy"]).index(key)]
    after = (*order, *(KEYS["policy"][each] for each in order))
    quote = "" if old is None else old.quote
    written = words if key == "生效" and not quote else texts.scalar(words, quote)
    return texts.put(text, root, name, written, after=after).text


def _add_case(text: str, policy: Policy, case: GoldenCase) -> str:
    root = texts.read_parts(text)
    where = _section(root, "样例", "policy")
    spelling = Spelling(policy, root, root)
    written = golden_written(spelling, policy, case)
    if where is not None and where.is_list and where.items:
        return texts.insert_item(text, where, len(where.items), written)
    name = next((each for each in ("样例", "cases") if root.value(each) is not None), None)
    name = name or ("cases" if spelling.english else "样例")
    return texts.put(text, root, name, f"[{written}]" if root.is_flow else f"\n  - {written}").text


def _remove_case(text: str, policy: Policy, name: str) -> str:
    root = texts.read_parts(text)
    where = _section(root, "样例", "policy")
    at = next((i for i, case in enumerate(policy.golden) if case.name == name), None)
    if at is None or where is None:
        raise NotThere(word=name)
    if where.is_list and len(where.items) > 1:
        return texts.cut_item(text, where, at)
    key = next(each for each in ("样例", "cases") if root.value(each) is not None)
    edited = texts.drop(text, root, key)
    return texts.above(edited.text, root.start, edited.comments)


def _check_rest(before: str, policy: Policy, after: str, edit: Edit) -> None:
    """What comes out must be what was asked for and nothing else, or must say itself what is wrong with it."""
    try:
        found = parse_policy(after)
    except Refusal:
        return
    named = _named(edit)
    old = {row.clause.id: row.clause for row in _rows(before, policy) if row.clause.id not in named}
    new = {row.clause.id: row.clause for row in _rows(after, found) if row.clause.id not in named}
    if isinstance(edit, RemoveClause) or (isinstance(edit, ChangeClause) and edit.clause_id != edit.wanted.id):
        old = {name: msgspec.structs.replace(clause, exception_to=()) for name, clause in old.items()}
        new = {name: msgspec.structs.replace(clause, exception_to=()) for name, clause in new.items()}
    wanted = edit.wanted if isinstance(edit, ChangeClause) else edit.clause if isinstance(edit, AddClause) else None
    is_as_asked = wanted is None or any(_same(row.clause, wanted) for row in _rows(after, found))
    if old != new or not is_as_asked or (policy.facts, policy.extras) != (found.facts, found.extras):
        raise OnlyAsText


def _named(edit: Edit) -> frozenset[str]:
    match edit:
        case ChangeClause(clause_id=one, wanted=clause):
            return frozenset({one, clause.id})
        case AddClause(clause=clause):
            return frozenset({clause.id})
        case DuplicateClause(new_id=new_id):
            return frozenset({new_id})
        case RemoveClause(clause_id=one):
            return frozenset({one})
        case _:
            return frozenset()


def _same(one: Clause, other: Clause) -> bool:
    """The same but for the order in which evidence and exceptions are listed, and for defaults left out."""
    plain = [
        msgspec.structs.replace(
            each,
            needs=tuple(sorted(each.needs)),
            optional=tuple(sorted(each.optional)),
            exception_to=tuple(sorted(each.exception_to)),
            when=tuple(Test(it.fact, tuple(sorted(it.values)), it.ranges) for it in sorted(each.when, key=_fact)),
        )
        for each in (one, other)
    ]
    return plain[0] == plain[1]


def _fact(test: Test) -> str:
    return test.fact


def _rows(source: str, policy: Policy) -> tuple[ClauseRow, ...]:
    drafts = Drafts(facts={spec.name: spec for spec in policy.facts}, costs=policy.costs, outcomes=policy.outcomes)
    rows: list[ClauseRow] = []
    for group, node in enumerate(_clause_nodes(read_document(source))):
        ids = read_clause_list(Report(), node, drafts)
        rows += [
            ClauseRow(clause=drafts.clauses[name], group=group, place=place, is_last=place == len(ids) - 1)
            for place, name in enumerate(ids)
        ]
    return tuple(rows)


def _clause_nodes(root: Node) -> list[Node]:
    """The policy's list and the lists of the overrides, in the order of `_clause_lists`."""
    found = [_node(root, "条款", "policy")]
    overrides = _node(root, "按商品", "policy")
    each = overrides.items if isinstance(overrides, Sequence) else () if overrides is None else (overrides,)
    found += [_node(override, "条款", "override") for override in each]
    return [node for node in found if node is not None]


def _clause_lists(root: Part) -> list[Part]:
    found = [_section(root, "条款", "policy")]
    found += [_section(override, "条款", "override") for override in _items(_section(root, "按商品", "policy"))]
    return [_as_list(part) for part in found if part is not None]


def _as_list(part: Part) -> Part:
    """A single clause counts as a list of one, as the reader has it; but it has no neighbour to put another beside."""
    if not part.is_list:
        raise OnlyAsText
    return part


def _node(where: Node, key: str, kind: str) -> Node | None:
    if not isinstance(where, Mapping):
        return None
    names = (key, KEYS[kind][key])
    return next((value for name, value in where.entries if name.text in names), None)


def _section(where: Part, key: str, kind: str) -> Part | None:
    found = where.value(key)
    return found if found is not None else where.value(KEYS[kind][key])


def _items(part: Part | None) -> tuple[Part, ...]:
    if part is None:
        return ()
    return part.items if part.is_list else (part,)
