/** Facts by their names. */

interface FactListProps {
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** The list. */
export function FactList({ facts }: FactListProps) {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
