export interface Ending {
  close(done?: () => void): unknown;
  closeIdleConnections?(): void;
}

/** As a well-behaved server ends: nothing new is accepted, what is in flight is answered. Process 1 has no default action. */
export function endOnSignal(server: Ending): void {
  const end = (): void => {
    server.close(() => process.exit(0));
    server.closeIdleConnections?.();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}
