import { json, type Endpoint } from './endpoint.ts';
import type { Route } from './endpoint.ts';

/** What exists here; also the body of a 404. */
export function getHelp(routes: readonly Route[]): Endpoint {
  return () => json({ endpoints: listRoutes(routes) });
}

export function listRoutes(routes: readonly Route[]): Readonly<Record<string, string>> {
  return Object.fromEntries(routes.map(({ method, path, does }) => [`${method} ${path}`, does]));
}
