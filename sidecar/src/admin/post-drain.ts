import { json, type Endpoint } from './endpoint.ts';

/** `POST /drain`: answered at once; `/ready` says when it has begun, the end of the process that it is over. */
export function postDrain({ drain }: { readonly drain: () => void }): Endpoint {
  return () => {
    drain();
    return json({ draining: true }, 202);
  };
}
