/**
 * The protocol `hadron/1`: frames over any byte pipe, after an HTTP Upgrade.
 *
 * ```
 * frame   kind u8 · length u24 · id u32 · body        little-endian; length counts the body only
 * ```
 *
 * | kind | from | body |
 * |---|---|---|
 * | CALL | caller | header (below), input |
 * | CALL_LARGE | caller | header, bytes of the input u32; the input follows in CHUNKs |
 * | CANCEL | caller | none: it no longer wants the answer |
 * | REPLY | callee | output |
 * | REPLY_LARGE | callee | bytes of the output u32; the output follows in CHUNKs |
 * | ERROR | callee | the error's data |
 * | REFUSED | callee | none: it drains, and did not and will not run the call |
 * | CHUNK | both | the next bytes of the body that was announced under this id |
 * | WINDOW | both | bytes u32: so many more of that body may be sent |
 * | PING, PONG | both | none; id 0 |
 * | GOAWAY | callee | none; id 0: it drains, and refuses all calls that come after |
 * | SKIP | both | anything: a frame that was taken back before it was sent, or a note (below) |
 * | STREAM | callee | none: the output comes as ITEMs, then END or ERROR |
 * | ITEM | both | the next item of the output, or of the input |
 * | ITEM_LARGE | both | bytes of the item u32; it follows in CHUNKs, and before it is whole no other item does |
 * | END | both | none: no item follows |
 * | CREDIT | both | credit u32: so much more may be sent as items |
 * | STOP | callee | none: it wants no further items of the input |
 *
 * The header of a call: milliseconds left u32 (all ones: no deadline), number of the procedure u16, flags u8. Then, if
 * flagged, the procedure's name and the trace, each one byte of length and Latin-1. A number is bound to a name by the
 * first call that carries both; number 0 is never bound.
 *
 * A note is said of the call that follows under its id, in a frame that peers skip which do not know it: what it is u8,
 * then Latin-1. NOTE_META: its metadata, in the form of the header `baggage`, at most 8 KiB. NOTE_ID: the call's id, where
 * it was sent before. A call without that has the id that both sides can make: what the caller said of the connection in the
 * handshake, and the call's number in it. A frame that was taken back may look like a note; its call never comes.
 *
 * Ids count up from 1 at the caller and are used once (until they wrap). Inputs, outputs and errors are encoded as
 * written down in `values/tags.ts`.
 *
 * An item takes its bytes of the credit, but at least ITEM_COST_BYTES; one may be sent while any credit is left. The
 * sender of an output begins with STREAM_WINDOW. The sender of an input (flagged in the header of its CALL, which has no
 * body then) begins with none: until the callee wants the first item, nothing of it was taken, and the call can go elsewhere.
 * Kinds 38 and 39 are kept for streams.
 */
export const CALL = 1;
export const CALL_LARGE = 2;
export const CANCEL = 3;
export const REPLY = 4;
export const REPLY_LARGE = 5;
export const ERROR = 6;
export const REFUSED = 7;
export const CHUNK = 8;
export const WINDOW = 9;
export const PING = 10;
export const PONG = 11;
export const GOAWAY = 12;
export const SKIP = 13;
export const STREAM = 32;
export const ITEM = 33;
export const ITEM_LARGE = 34;
export const END = 35;
export const CREDIT = 36;
export const STOP = 37;

export const PROTOCOL_VERSION = 1;

export const HEADER_BYTES = 8;
/** Milliseconds u32, procedure u16, flags u8. */
export const CALL_HEADER_BYTES = 7;
export const FLAG_NAME = 1;
export const FLAG_TRACE = 2;
/** The input is a stream. */
export const FLAG_STREAM = 4;
export const NOTE_META = 1;
export const NOTE_ID = 2;
export const NO_DEADLINE = 0xffffffff;

/** Numbers of procedures are u16. */
export const MOST_PROCEDURE_NUMBER = 0xffff;

/** A body above this is sent in chunks, so that it delays nobody. */
export const LARGE_BYTES = 128 * 1024;
export const CHUNK_BYTES = 64 * 1024;
/** The longest body of a frame that is accepted: a large one's threshold and a call's header. */
export const MAX_FRAME_BYTES = LARGE_BYTES + 1024;
/** Bytes of one chunked body that may be on their way unacknowledged. */
export const WINDOW_BYTES = 1024 * 1024;
/** The credit that a stream begins with: what may be on its way and wait at the other end. */
export const STREAM_WINDOW = 256 * 1024;
/** What a small item takes of it: 64 may be ahead of their consumer. */
export const ITEM_COST_BYTES = 4 * 1024;
