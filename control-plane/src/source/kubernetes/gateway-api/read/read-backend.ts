import type { FieldReader, Fields } from '../../read/fields.ts';
import type { BackendRef } from '../objects.ts';
import { readReference } from './read-api-object.ts';

/** Without its filters. */
export function readBackend(fields: Fields, reader: FieldReader): BackendRef {
  return {
    ...readReference(fields, reader),
    kind: reader.optionalText(fields, 'kind') ?? 'Service',
    port: reader.port(fields, 'port'),
    weight: reader.integer(fields, 'weight') ?? 1,
    filters: [],
  };
}
