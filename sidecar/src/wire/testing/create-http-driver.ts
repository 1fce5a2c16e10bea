import { createHttpDriver } from '../http/http-driver.ts';
import { createHttp1Driver } from '../http1/http1-driver.ts';
import type { CreateDriver } from './start-driver.ts';

/** The slow driver as the shared test bodies take it. */
export const slowDriver: CreateDriver = (parts) => createHttpDriver(parts);

/** The fast driver, with the slow one behind it. */
export const fastDriver: CreateDriver = (parts) =>
  createHttp1Driver({ ...parts, slow: createHttpDriver(parts) });
