import { isAbsent, isObject, ownText, type JsonObject } from '../pod/json.ts';

/** What is used of an AdmissionRequest (admission.k8s.io/v1). */
export interface AdmissionRequest {
  readonly uid: string;
  readonly group: string;
  readonly kind: string;
  /** Empty: the object itself. */
  readonly subResource: string;
  readonly operation: string;
  /** A pod made from `generateName` has its namespace only here. */
  readonly namespace: string;
  readonly dryRun: boolean;
  /** Undefined for DELETE. */
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
}

/** The body is no AdmissionReview of version v1: the caller's mistake, answered with 400. */
export class MalformedReview extends Error {}

const API_VERSION = 'admission.k8s.io/v1';
/** The API server sends UUIDs of 36; a longer one would only be echoed back. */
const MAX_UID = 128;

/** Reads the body of a review. Throws {@link MalformedReview} with what was expected. */
export function decodeReview(body: string): AdmissionRequest {
  const review = parse(body);
  if (!isObject(review)) throw new MalformedReview('expected a JSON object');
  if (review['apiVersion'] !== API_VERSION || review['kind'] !== 'AdmissionReview') {
    throw new MalformedReview(`expected apiVersion ${API_VERSION} and kind AdmissionReview`);
  }
  const request = review['request'];
  if (!isObject(request)) throw new MalformedReview('request: expected an object');
  const uid = ownText(request, 'uid') ?? '';
  if (uid === '' || uid.length > MAX_UID) {
    throw new MalformedReview(`request.uid: expected text of at most ${MAX_UID} characters`);
  }
  const kind = isObject(request['kind']) ? request['kind'] : {};
  return {
    uid,
    group: ownText(kind, 'group') ?? '',
    kind: ownText(kind, 'kind') ?? '',
    subResource: ownText(request, 'subResource') ?? '',
    operation: ownText(request, 'operation') ?? '',
    namespace: ownText(request, 'namespace') ?? '',
    dryRun: request['dryRun'] === true,
    object: optionalObject(request, 'object'),
    oldObject: optionalObject(request, 'oldObject'),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new MalformedReview(`expected JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function optionalObject(request: JsonObject, key: string): JsonObject | undefined {
  const value = request[key];
  if (isAbsent(value)) return undefined;
  if (!isObject(value)) throw new MalformedReview(`request.${key}: expected an object or null`);
  return value;
}
