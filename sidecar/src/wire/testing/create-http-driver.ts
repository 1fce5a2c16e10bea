import { createHttpDriver } from '../http/http-driver.ts';
import type { CreateDriver } from './start-driver.ts';

/** The slow driver as the shared test bodies take it. */
export const slowDriver: CreateDriver = (parts) => createHttpDriver(parts);
