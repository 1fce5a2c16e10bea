/** Ports of the origin on loopback. */
export interface Origin {
  readonly http1: number;
  readonly http2: number;
}

/** The service that the load is for: in the middle of a mesh of 1,000. */
export const BENCH_HOST = 'service-500';

/** 1,000 services with two endpoints each, ten lanes; `service-500` leads to the origin (80: h1, 81: h2). */
export function benchMesh(origin: Origin): unknown {
  const lanes = ['gray', ...Array.from({ length: 9 }, (_, index) => `lane-${index}`)];
  const services = Array.from({ length: 1_000 }, (_, index) => ({
    name: `service-${index}`,
    ports: [{ port: 80 }, { port: 81 }],
    endpoints: index === 500 ? originEndpoints(origin) : placeholderEndpoints(index, lanes),
  }));
  const names = services.map((service) => service.name);
  return {
    services,
    groups: [{ name: 'bench', services: names }],
    lanes: lanes.map((name) => ({ name, group: 'bench' })),
  };
}

function originEndpoints(origin: Origin): readonly unknown[] {
  const ports = { 80: origin.http1, 81: origin.http2 };
  return [{ address: '127.0.0.1', ports, lane: 'gray' }];
}

/** Two endpoints: the baseline's, and one of the ten lanes in turn. */
function placeholderEndpoints(index: number, lanes: readonly string[]): readonly unknown[] {
  const address = `198.51.100.${index % 250}`;
  const at = (first: number) => ({ address, ports: { 80: first, 81: first + 1 } });
  const first = 10_000 + index * 4;
  return [at(first), { ...at(first + 2), lane: lanes[index % lanes.length] }];
}
