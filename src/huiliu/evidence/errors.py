"""Every 'no' of the evidence feature. The words are in locale/<lang>/evidence.toml under [errors]."""

from __future__ import annotations

from huiliu.kit.errors import Refusal


class UnknownSlot(Refusal):
    """There is no evidence slot of this name."""

    code = "evidence.unknown_slot"
    status = 422


class WrongForm(Refusal):
    """The slot wants a picture and got words, or the other way round."""

    code = "evidence.wrong_form"
    status = 422


class PlatformSlot(Refusal):
    """Only the platform can supply this: the burden of proof is its own."""

    code = "evidence.platform_slot"
    status = 403


class EmptyFile(Refusal):
    """The file has no bytes."""

    code = "evidence.empty_file"
    status = 422


class FileTooLarge(Refusal):
    """facts: max_mib."""

    code = "evidence.file_too_large"
    status = 413


class TooManyPixels(Refusal):
    """facts: max_megapixels."""

    code = "evidence.too_many_pixels"
    status = 422


class TooFewPixels(Refusal):
    """A thumbnail: nobody could read it. facts: width, height, min_side."""

    code = "evidence.too_few_pixels"
    status = 422


class BrokenPicture(Refusal):
    """It starts like a picture and cannot be read to its end."""

    code = "evidence.broken_picture"
    status = 422


class BlankPicture(Refusal):
    """Nothing is on it: all one colour."""

    code = "evidence.blank_picture"
    status = 422


class AnimatedPicture(Refusal):
    """A moving picture where a still one is wanted."""

    code = "evidence.animated_picture"
    status = 422


class VideoNotHere(Refusal):
    """A video where only pictures are taken, or of a kind that cannot be watched."""

    code = "evidence.video_not_here"
    status = 415


class ActiveContent(Refusal):
    """SVG, HTML or another page that could run in a reviewer's browser."""

    code = "evidence.active_content"
    status = 415


class DocumentFile(Refusal):
    """PDF, Word and the like: ask for a picture of it."""

    code = "evidence.document_file"
    status = 415


class ArchiveFile(Refusal):
    """ZIP, RAR, 7z and the like."""

    code = "evidence.archive_file"
    status = 415


class ProgramFile(Refusal):
    """Something that a computer could run."""

    code = "evidence.program_file"
    status = 415


class NotAPicture(Refusal):
    """Nothing that is known as a picture."""

    code = "evidence.not_a_picture"
    status = 415


class GateBusy(Refusal):
    """Too many pictures are being checked at this moment."""

    code = "evidence.gate_busy"
    status = 503


class GateFailed(Refusal):
    """Checking took too long or too much memory and was stopped."""

    code = "evidence.gate_failed"
    status = 422


class InfectedFile(Refusal):
    """A virus scanner knows this file."""

    code = "evidence.infected_file"
    status = 422


class ScannerDown(Refusal):
    """The operator wants every upload scanned and the scanner does not answer: nothing is taken unscanned."""

    code = "evidence.scanner_down"
    status = 503


class SlotFull(Refusal):
    """facts: max."""

    code = "evidence.slot_full"
    status = 409


class ClaimFull(Refusal):
    """This party's room on the claim is used up. facts: max, max_mib."""

    code = "evidence.claim_full"
    status = 409


class RoundClosed(Refusal):
    """The buyer has applied, and nobody has asked for more."""

    code = "evidence.round_closed"
    status = 409


class AlreadySubmitted(Refusal):
    """What a submitted round rests on stays."""

    code = "evidence.already_submitted"
    status = 409


class NotYours(Refusal):
    """Somebody else handed this in."""

    code = "evidence.not_yours"
    status = 403


class NameMissing(Refusal):
    """A declaration is signed with a name. facts: max."""

    code = "evidence.name_missing"
    status = 422


class WordsTooLong(Refusal):
    """facts: max."""

    code = "evidence.words_too_long"
    status = 422


class UploadGone(Refusal):
    """The upload was finished, given up or has expired."""

    code = "evidence.upload_gone"
    status = 410


class WrongOffset(Refusal):
    """The sender goes on at another place than the bytes that came. facts: offset (where to go on)."""

    code = "evidence.wrong_offset"
    status = 409


class UploadIncomplete(Refusal):
    """Not every byte has come. facts: got, total."""

    code = "evidence.upload_incomplete"
    status = 409


class TooManyUploads(Refusal):
    """facts: max."""

    code = "evidence.too_many_uploads"
    status = 409


class FileDamaged(Refusal):
    """The stored bytes are missing or no longer match their hash; nothing doubtful is shown."""

    code = "evidence.file_damaged"
    status = 410
