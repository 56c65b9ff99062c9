"""The maker itself: others build on it."""

from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.people.contacts import contact_hash
from tests.make.orders import XIAOMAN_CONTACT, Line, order


async def test_a_made_order_adds_up_and_belongs_to_its_buyer(tx: Tx, keyring: Keyring) -> None:
    made = await order(tx, keyring=keyring, lines=[Line(paid_minor=60_00, usage="unused"), Line(paid_minor=40_00)])
    assert made.contact_hash == contact_hash(keyring, tx.platform_id, XIAOMAN_CONTACT)
    paid = await tx.value("SELECT paid_minor FROM orders WHERE id = %(id)s", id=made.order_id)
    lines = await tx.value("SELECT sum(paid_minor)::bigint FROM order_lines WHERE order_id = %(id)s", id=made.order_id)
    assert paid == lines == made.paid_minor == 100_00
