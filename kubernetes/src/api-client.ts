import type { Readable } from 'node:stream';
import { createRequester, type ApiClientOptions } from './request.ts';
import type { KubeObject } from './kube-object.ts';
import type { ListPage, ServerVersion, TokenReview } from './answers.ts';
import { expectObject, readPage, readTokenReview, readVersion } from './read-answers.ts';
import { pathOf, TOKEN_REVIEWS, type Collection, type Named } from './resources.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Until the answer is whole; default 15 s. */
  readonly timeoutMs?: number;
}

export interface ListOptions extends CallOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Most items of a page; absent: all in one. */
  readonly limit?: number;
  /** Of the page before. */
  readonly continueToken?: string;
}

export interface WatchOptions {
  readonly resourceVersion: string;
  /** The server ends the watch after so long. */
  readonly timeoutSeconds: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal?: AbortSignal;
  /** Silence after which the connection counts as dead. */
  readonly silenceMs: number;
}

/** Body of a PATCH, and what it means. */
export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly unknown[] }
  | {
      readonly type: 'apply';
      readonly body: unknown;
      readonly fieldManager: string;
      readonly force: boolean;
    };

/** What we ask of the API server. Each call rejects with {@link ApiError}; none retries by itself, except over a stale connection. */
export interface ApiClient {
  get(place: Named, options?: CallOptions): Promise<KubeObject>;
  list(place: Collection, options?: ListOptions): Promise<ListPage>;
  create(place: Collection, object: unknown, options?: CallOptions): Promise<KubeObject>;
  /** Replaces the object; with a `resourceVersion` in it only while nobody else has changed it (409). */
  update(place: Named, object: unknown, options?: CallOptions): Promise<KubeObject>;
  patch(place: Named, patch: Patch, options?: CallOptions): Promise<KubeObject>;
  delete(place: Named, options?: CallOptions): Promise<void>;
  /** The lines of a watch; use a reflector instead where the objects are to be kept. */
  watch(place: Collection, options: WatchOptions): Promise<Readable>;
  reviewToken(token: string, audiences: readonly string[], options?: CallOptions): Promise<TokenReview>;
  serverVersion(options?: CallOptions): Promise<ServerVersion>;
  /** Ends all connections; calls in flight reject with `aborted`. */
  close(): void;
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const requester = createRequester(options);
  const send = requester.json;
  return {
    async get(place, call) {
      return expectObject(
        await send({ verb: 'get', method: 'GET', place, path: pathOf(place), ...call }),
        place,
      );
    },
    async list(place, call = {}) {
      const { labelSelector, fieldSelector, limit, continueToken, ...rest } = call;
      const query = { labelSelector, fieldSelector, limit, continue: continueToken };
      return readPage(
        await send({ verb: 'list', method: 'GET', place, path: pathOf(place), query, ...rest }),
        place,
      );
    },
    async create(place, body, call) {
      return expectObject(
        await send({ verb: 'create', method: 'POST', place, path: pathOf(place), body, ...call }),
        place,
      );
    },
    async update(place, body, call) {
      return expectObject(
        await send({ verb: 'update', method: 'PUT', place, path: pathOf(place), body, ...call }),
        place,
      );
    },
    async patch(place, patch, call) {
      const query =
        patch.type === 'apply' ? { fieldManager: patch.fieldManager, force: String(patch.force) } : {};
      const { body, type } = patch;
      const sent = { place, path: pathOf(place), query, body, contentType: PATCH_TYPES[type], ...call };
      return expectObject(await send({ verb: 'patch', method: 'PATCH', ...sent }), place);
    },
    async delete(place, call) {
      await send({ verb: 'delete', method: 'DELETE', place, path: pathOf(place), ...call });
    },
    watch(place, { resourceVersion, timeoutSeconds, labelSelector, fieldSelector, signal, silenceMs }) {
      const query = {
        watch: 'true',
        allowWatchBookmarks: 'true',
        ...{ resourceVersion, timeoutSeconds, labelSelector, fieldSelector },
      };
      return requester.stream({
        ...{ verb: 'watch', method: 'GET', place, path: pathOf(place), query },
        ...{ signal, silenceMs },
      });
    },
    async reviewToken(token, audiences, call) {
      const place = { resource: TOKEN_REVIEWS };
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences },
      };
      return readTokenReview(
        await send({
          ...{ verb: 'create', method: 'POST', place, path: pathOf(place), body },
          ...{ isRepeatable: true, ...call },
        }),
      );
    },
    async serverVersion(call) {
      return readVersion(await send({ verb: 'get', method: 'GET', path: '/version', ...call }));
    },
    close: requester.close,
  };
}
