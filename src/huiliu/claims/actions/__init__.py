"""Everything that can happen to a claim, each in its caller's transaction."""

from huiliu.claims.actions.at_once import DueHold, due_holds, release_hold
from huiliu.claims.actions.buyer import answer, escalate, withdraw
from huiliu.claims.actions.clocks import clock_ran_out
from huiliu.claims.actions.consequences import (
    answer_appeal,
    appeal_restriction,
    contact_to_tell,
    lift_restriction,
    propose_restriction,
)
from huiliu.claims.actions.deciding import confirm, decide, return_to_review
from huiliu.claims.actions.draft import parse_reason, save_draft, start_draft
from huiliu.claims.actions.filing import Filed, TakesSteps, file_at_once, file_claim
from huiliu.claims.actions.payout import PAYOUT_CONSEQUENCES, payout_bounced, payout_failed, payout_verified
from huiliu.claims.actions.review import ask_buyer, ask_platform, prove, rejudge, take

__all__ = [
    "PAYOUT_CONSEQUENCES",
    "DueHold",
    "Filed",
    "TakesSteps",
    "answer",
    "answer_appeal",
    "appeal_restriction",
    "ask_buyer",
    "ask_platform",
    "clock_ran_out",
    "confirm",
    "contact_to_tell",
    "decide",
    "due_holds",
    "escalate",
    "file_at_once",
    "file_claim",
    "lift_restriction",
    "parse_reason",
    "payout_bounced",
    "payout_failed",
    "payout_verified",
    "propose_restriction",
    "prove",
    "rejudge",
    "release_hold",
    "return_to_review",
    "save_draft",
    "start_draft",
    "take",
    "withdraw",
]
