import { Output } from "../guest/output.ts";
import type { ComponentGuest } from "./guest.ts";
import { Fields } from "./http-fields.ts";
import {
  FutureTrailers,
  IncomingBody,
  IncomingRequest,
  OutgoingBody,
  OutgoingResponse,
  ResponseOutparam,
} from "./http-messages.ts";
import { FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions, send } from "./http-outgoing.ts";

/** `wasi:http`. */
export function httpImports(guest: ComponentGuest): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  /** Its body is a part of the call's output, and held to its limit. */
  class Response extends OutgoingResponse {
    constructor(headers: Fields) {
      super(headers, new Output(guest.outputBytes));
    }
  }
  return {
    "wasi:http/types": {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse: Response,
      RequestOptions,
      ResponseOutparam,
      httpErrorCode: () => undefined,
    },
    "wasi:http/outgoing-handler": { handle: (request: OutgoingRequest) => send(request, guest) },
  };
}
