"""Every reason a row can be refused for has words, and every word has a reason."""

import re
from pathlib import Path

import huiliu.orders
from huiliu.kit.text import Lang, words
from huiliu.orders.words import FIELDS, VALUES, code_of, field_of_heading, meaning

_RAISED = re.compile(
    r'(?:BadCell\(|_BadField\([^,]*,|Problem\([^,]*,[^,]*,|yield (?:column|"\w+"),|append\(\("\w+",)\s*"(\w+)"'
)


def test_every_reason_has_words_and_every_word_a_reason() -> None:
    folder = Path(huiliu.orders.__file__).parent
    text = " ".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    worded = {key.rpartition(".")[2] for key in words(Lang.ZH) if key.startswith("orders.problem.")}
    raised = set(_RAISED.findall(text))
    assert len(raised) > 35
    assert raised - worded == set()
    assert worded - set(re.findall(r'"(\w+)"', text)) == set()


def test_every_field_and_value_has_words_and_reads_itself() -> None:
    known = words(Lang.ZH)
    for field in FIELDS:
        assert f"orders.field.{field}" in known
        assert field_of_heading(field) == (field, 0)
    for field, values in VALUES.items():
        for code in values:
            assert code_of(field, str(code).upper()) == code


def test_the_articles_words_mean_what_the_article_says() -> None:
    assert meaning("充值失败").delivery == ("failed",)
    assert set(meaning("未到账").delivery) == {"failed", "pending"}
    assert meaning("未到账").reasons == ("not_arrived",)
    assert meaning("点券") == meaning("")
