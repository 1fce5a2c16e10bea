/** Beyond it everything is forgotten and learned anew. */
const MAX_ENTRIES = 65_536;

/** One instance for equal values: ten thousand instances have a handful of lanes, zones and ports. */
export class ValuePool {
  readonly #texts = new Map<string, string>();
  readonly #ports = new Map<number, Readonly<Record<string, number>>>();

  text(value: string): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= MAX_ENTRIES) this.#texts.clear();
    this.#texts.set(value, value);
    return value;
  }

  /** `servicePort` is `port` on the endpoint. */
  ports(servicePort: number, port: number): Readonly<Record<string, number>> {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const ports = { [servicePort]: port };
    this.#ports.set(port, ports);
    return ports;
  }
}
