r"""HJ 212: how online monitoring devices and the platform of a Chinese bureau talk, editions 2005, 2017, 2025.

The edition is chosen packet by packet from the version bits of Flag. The library is plain Python with
NumPy and knows nothing of the rest of the platform.

One frame::

    packet = decode(b"##0101QN=20160801085857223;ST=32;...&&1C80")
    packet.ok, packet.errors, packet.warnings, packet.values[0].value
    encode(packet)                          # the frame again, with CR LF

A stream: ``FrameReader().feed(chunk)`` gives the complete frames in what has come so far, whatever was
cut, joined or broken. Many frames at once: ``decode_many(frames)`` gives a :class:`Batch` of arrays, equal
to what ``decode`` says and some ten times faster.

============== =======================================================================================
module         what it knows
============== =======================================================================================
``crc``        the check code, one frame or thousands
``frames``     where a frame begins and ends
``codes``      commands, systems, factors, statistics, flags, results (data files)
``packet``     :class:`Packet`, :class:`Value`, names of errors and warnings
``times``      times as the protocol writes them
``decoding``   :func:`decode`; with ``header``, ``content`` and ``faults``: the parts of a segment, and what is found wrong
``encoding``   :func:`encode`, :func:`framed`
``batch``      :func:`decode_many`, :class:`Batch`
               with ``layouts``, ``octets``, ``columns``: what is remembered, read together, and how it is kept
``json_form``  a packet as a JSON object and back
``assemble``   packets split with PNUM and PNO
``sm4``        encryption of the edition of 2025
``dialogue``   request, 9011, uploads, 9012; timeouts and resends
``server``     :class:`Gateway`, the asyncio server: frames into batches, batches to the handler; with
               ``granting``, ``connections``, ``routes``, ``asking``, ``verdicts``, ``acknowledging``
``client``     :class:`Device`, :class:`Client`: devices to test and demonstrate with
``replay``     a CSV file sent as if by devices
============== =======================================================================================
"""

from .asking import UnreachableError
from .assemble import Assembler, split
from .batch import Batch, BatchDecoder, decode_many
from .client import Client, Device, UnacknowledgedError
from .connections import Connection
from .crc import crc16, crc16_modbus
from .decoding import decode
from .dialogue import Answer, QnSource, Timing, history, reply, request
from .encoding import encode, framed
from .frames import FrameReader, frames_of
from .granting import Limits, Stats
from .packet import ERRORS, WARNINGS, Packet, Value
from .server import Gateway
from .times import china_now, format_qn, format_time, parse_time
from .verdicts import Verdict
from .warning_bits import WARNING_BITS

__all__ = [
    "ERRORS",
    "WARNINGS",
    "WARNING_BITS",
    "Answer",
    "Assembler",
    "Batch",
    "BatchDecoder",
    "Client",
    "Connection",
    "Device",
    "FrameReader",
    "Gateway",
    "Limits",
    "Packet",
    "QnSource",
    "Stats",
    "Timing",
    "UnacknowledgedError",
    "UnreachableError",
    "Value",
    "Verdict",
    "china_now",
    "crc16",
    "crc16_modbus",
    "decode",
    "decode_many",
    "encode",
    "format_qn",
    "format_time",
    "framed",
    "frames_of",
    "history",
    "parse_time",
    "reply",
    "request",
    "split",
]
