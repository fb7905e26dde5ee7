import type { CreateTableCommandInput, KeySchemaElement } from '@aws-sdk/client-dynamodb';
import { invalid } from './statement-failure.js';
import { compareScalars, copy, marshal, type Item } from './values.js';

/** Input of CreateTable. A template's properties have the same form. */
export type TableSchema = Pick<
  CreateTableCommandInput,
  'TableName' | 'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'
>;

/** The schema of a table with one text key and no index. */
export const keyedTable = (name: string, key: string): TableSchema => ({
  TableName: name,
  KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
});

type Key = { partition: string; sort: string | undefined };

/** A table or an index, to query or scan. */
export type Source = {
  key: Key;
  /** The attributes of an ExclusiveStartKey or LastEvaluatedKey. */
  cursor: readonly string[];
  isIndex: boolean;
  /** Projected copies, ordered by sort key, then by the table's key. */
  rows(): Item[];
  compare(a: Item, b: Item): number;
  /** @throws StatementFailure if the value is not of the key attribute's type. */
  checkType(name: string, value: unknown): void;
};

export type FakeTable = {
  readonly name: string;
  readonly keyNames: readonly string[];
  /**
   * Text that identifies an item in the table.
   * @throws StatementFailure if the key is not complete or of another type.
   */
  keyText(item: Item): string;
  /** Like keyText, for a key without other attributes. */
  exactKeyText(key: Item): string;
  get(keyText: string): Item | undefined;
  /** @throws StatementFailure if an attribute is not a valid key of the table or of an index. */
  check(item: Item): void;
  /** Checks the item and stores a copy. */
  put(item: Item): void;
  remove(keyText: string): void;
  items(): Item[];
  /** @throws StatementFailure if there is no such index. */
  source(indexName: string | undefined): Source;
};

function keyOf(schema: readonly KeySchemaElement[] | undefined): Key {
  const partition = schema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
  if (partition === undefined) throw new Error('A key schema needs a HASH key');
  return { partition, sort: schema?.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName };
}

function namesOf({ partition, sort }: Key): string[] {
  return sort === undefined ? [partition] : [partition, sort];
}

function pick(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.map((name) => [name, item[name]]));
}

export function createFakeTable(schema: TableSchema): FakeTable {
  const key = keyOf(schema.KeySchema);
  const keyNames = namesOf(key);
  const types = new Map(
    schema.AttributeDefinitions?.map((attribute) => [attribute.AttributeName, attribute.AttributeType]),
  );
  const indexes = new Map(
    schema.GlobalSecondaryIndexes?.map((index) => [
      index.IndexName,
      { key: keyOf(index.KeySchema), keysOnly: index.Projection?.ProjectionType === 'KEYS_ONLY' },
    ]),
  );
  const stored = new Map<string, Item>();

  function checkType(name: string, value: unknown): void {
    const type = types.get(name);
    if (type === undefined) throw new Error(`AttributeDefinitions of ${schema.TableName ?? ''} lacks ${name}`);
    if (!(type in marshal(value))) {
      throw invalid(`One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type}`);
    }
  }

  function checkKeyAttribute(item: Item, name: string): void {
    checkType(name, item[name]);
    if (item[name] === '') {
      throw invalid(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
    }
  }

  function keyText(item: Item): string {
    const missing = keyNames.find((name) => item[name] === undefined);
    if (missing !== undefined) throw invalid(`One of the required keys was not given a value: ${missing}`);
    for (const name of keyNames) checkKeyAttribute(item, name);
    return JSON.stringify(keyNames.map((name) => item[name]));
  }

  function check(item: Item): void {
    keyText(item);
    for (const index of indexes.values()) {
      for (const name of namesOf(index.key)) if (item[name] !== undefined) checkKeyAttribute(item, name);
    }
  }

  function createSource(sourceKey: Key, isIndex: boolean, keysOnly: boolean): Source {
    const names = namesOf(sourceKey);
    const cursor = [...new Set([...names, ...keyNames])];
    const sortNames = [...(sourceKey.sort === undefined ? [] : [sourceKey.sort]), ...keyNames];
    const compare = (a: Item, b: Item): number => {
      for (const name of sortNames) {
        const order = compareScalars(a[name], b[name]);
        if (order) return order;
      }
      return 0;
    };
    return {
      key: sourceKey,
      cursor,
      isIndex,
      compare,
      checkType,
      // An index is sparse: it contains items with all its key attributes.
      rows: () =>
        [...stored.values()]
          .filter((item) => names.every((name) => item[name] !== undefined))
          .map((item) => copy(keysOnly ? pick(item, cursor) : item))
          .sort(compare),
    };
  }

  return {
    name: schema.TableName ?? '',
    keyNames,
    keyText,
    exactKeyText(givenKey) {
      if (Object.keys(givenKey).length !== keyNames.length) {
        throw invalid('The provided key element does not match the schema');
      }
      return keyText(givenKey);
    },
    get: (text) => copy(stored.get(text)),
    check,
    put(item) {
      check(item);
      stored.set(keyText(item), copy(item));
    },
    remove: (text) => void stored.delete(text),
    items: () => copy([...stored.values()]),
    source(indexName) {
      if (indexName === undefined) return createSource(key, false, false);
      const index = indexes.get(indexName);
      if (!index) throw invalid(`The table does not have the specified index: ${indexName}`);
      return createSource(index.key, true, index.keysOnly);
    },
  };
}
