"""Packets, commands and events between the processes of one bureau, over NATS JetStream.

Without ``ECOLEDGER_BUS`` there is one process and none of this. With it *gateways* hold the connections of devices
and keep nothing, *writers* store, and pages may be served by several processes.

The stream
    A gateway puts the frames of a batch into **bundles**, one for each partition (a share of the device numbers),
    and publishes them to ``<prefix>.packets.<partition>``. Devices are acknowledged when JetStream has answered
    that a bundle is persisted, never before. A bundle published twice is kept once, since its message number is
    made of the identities of its packets; a packet that comes in two bundles is stored once, by the store.

    The stream is a queue: what a writer has stored is gone. It has a greatest size and refuses more: then
    gateways read no further, and devices wait.

Writers
    Each partition is read by one writer at a time, so that of two values for one period the later one speaks. Who
    reads which is settled by leases (:mod:`.leases`). A writer acknowledges a bundle when the store has it; one that
    was killed leaves its bundles to another, and the store knows those that had arrived.

Commands and events
    A command is sent to the gateway that holds the device's connection, which answers when asked who does. Live
    events go to every process.

The server writes the stream through to the disk before it answers only with ``sync_interval: always`` in its
``jetstream`` block, or with three replicas on machines of their own; without either a power failure may take
what was acknowledged in the last seconds (a killed process takes nothing).
"""
