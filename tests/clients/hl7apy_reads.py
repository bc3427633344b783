"""What hl7apy reads in each file given: one JSON line with the segments' names, MSH-10, and OBX-3, 5 and 6 of every row.

Files it cannot read are left out; so are those in other character sets, because it reads text only.
"""
import json
import sys

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message


def field(segment, number):
    try:
        return getattr(segment, f"{segment.name}_{number}".lower()).to_er7()
    except (AttributeError, IndexError, HL7apyException):
        return ""


for path in sys.argv[1:]:
    try:
        text = open(path, "rb").read().decode("utf-8").strip("\r\n")
        message = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        segments = list(message.children)
        answer = {
            "path": path,
            "names": [segment.name for segment in segments],
            "id": field(segments[0], 10),
            "rows": [[field(s, n) for n in (3, 5, 6)] for s in segments if s.name == "OBX"],
        }
    except (HL7apyException, UnicodeDecodeError, AttributeError, ValueError, KeyError):
        continue
    print(json.dumps(answer))
