// The best of some rounds, with how far the others were from it.
export function best(rounds) {
  const values = rounds.map((each) => each.value);
  const chosen = rounds.reduce((a, b) => (b.value < a.value ? b : a));
  return { ...chosen, errors: rounds.reduce((sum, each) => sum + each.errors, 0), spread: Math.max(...values) / chosen.value - 1, rounds };
}
