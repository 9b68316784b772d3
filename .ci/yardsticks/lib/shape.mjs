// Whether an answer has the shape its document asks for: every field in the order it was asked for, none missing,
// none too many, and null only where the schema allows it. graphql-js knows the types; the walk is ours.
import {
  getNamedType, getNullableType, isAbstractType, isCompositeType, isListType, isNonNullType, typeFromAST, parse,
} from 'graphql';

/** The faults of `answer`, in words; an empty list when it is as it must be. */
export function faults(schema, text, variables, answer) {
  const { definitions } = parse(text);
  const operation = definitions.find(({ kind }) => kind === 'OperationDefinition');
  const fragments = new Map(definitions.filter(({ kind }) => kind === 'FragmentDefinition').map((one) => [one.name.value, one]));
  const found = [];

  const applies = ({ directives = [] }) => directives.every(({ name, arguments: [argument] = [] }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true;
    const given = argument.value.kind === 'Variable' ? variables[argument.value.name.value] : argument.value.value;
    return name.value === 'include' ? given : !given;
  });
  const collect = (type, selections, fields = new Map()) => {
    for (const selection of selections) {
      if (!applies(selection)) continue;
      if (selection.kind === 'Field') {
        const key = (selection.alias ?? selection.name).value;
        fields.set(key, [...(fields.get(key) ?? []), selection]);
        continue;
      }
      const fragment = selection.kind === 'FragmentSpread' ? fragments.get(selection.name.value) : selection;
      const condition = fragment.typeCondition ? typeFromAST(schema, fragment.typeCondition) : type;
      const fits = condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
      if (fits) collect(type, fragment.selectionSet.selections, fields);
    }
    return fields;
  };
  const value = (type, nodes, given, path) => {
    if (given === null || given === undefined) {
      if (isNonNullType(type)) found.push(`${path.join('.')} is null, but its type is ${type}`);
      return;
    }
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      given.forEach((item, index) => value(nullable.ofType, nodes, item, [...path, index]));
    } else if (isCompositeType(getNamedType(nullable))) {
      let object = nullable;
      if (isAbstractType(object)) {
        const key = nodes.flatMap(({ selectionSet }) => selectionSet.selections).find((one) => one.name?.value === '__typename');
        object = key ? schema.getType(given[(key.alias ?? key.name).value]) : null;
        if (!object) return;
      }
      entries(object, nodes.flatMap(({ selectionSet }) => selectionSet.selections), given, path);
    }
  };
  const entries = (type, selections, given, path) => {
    const fields = collect(type, selections);
    const wanted = [...fields.keys()];
    const got = Object.keys(given);
    if (wanted.join() !== got.join()) {
      const why = wanted.toSorted().join() === got.toSorted().join() ? 'are in another order' : 'are others';
      found.push(`the fields of ${path.join('.') || 'data'} ${why}: ${got.join(' ')} instead of ${wanted.join(' ')}`);
    }
    for (const [key, nodes] of fields) {
      if (nodes[0].name.value === '__typename') continue;
      value(type.getFields()[nodes[0].name.value].type, nodes, given[key], [...path, key]);
    }
  };

  if (answer.data === undefined) return ['there is no data'];
  if (answer.data !== null) entries(schema.getRootType(operation.operation), operation.selectionSet.selections, answer.data, []);
  else if (!answer.errors?.length) found.push('data is null without an error');
  return found;
}
