// The minimum confidence of an answer that is shown, and what each step costs.

const confidence = (() => {
  const costs = JSON.parse(props.limits).costs;
  const slider = find("#threshold");
  const percent = (share) => `${Math.round(100 * share)} %`;
  const spot = (cost) => [100 * cost["own answered"], 60 - 60 * cost["answers right"]];

  /** The step for a threshold: the highest that is not above it. */
  const step = (threshold) => Math.max(0, costs.findLastIndex((cost) => cost.threshold <= threshold));

  const chosen = () => localStorage.getItem("threshold") !== null && Number(slider.value) !== step(JSON.parse(props.limits).threshold);

  function show() {
    const cost = costs[slider.value];
    const [x, y] = spot(cost);
    find("#least").textContent = percent(cost.threshold);
    // Behind the closed menu, too: a choice that is kept must not be forgotten.
    find("#confidence summary").textContent = chosen() ? `Minimum confidence: ${percent(cost.threshold)}` : "Minimum confidence";
    slider.setAttribute("aria-valuetext", percent(cost.threshold));
    find("#curve circle").setAttribute("cx", x);
    find("#curve circle").setAttribute("cy", y);
    find("#cost").textContent =
      `Measured on encyclopedia articles: of the questions that they answer, ${percent(cost["own answered"])} get an answer. ` +
      `Of those that only seem to be answered there, ${percent(cost["look-alike not answered"])} get none, and of those about ` +
      `something else, ${percent(cost["elsewhere not answered"])}. The curve: right answers (up) by questions answered (right).`;
  }

  function begin() {
    const kept = Number(localStorage.getItem("threshold") ?? JSON.parse(props.limits).threshold);
    slider.max = costs.length - 1;
    slider.value = step(kept);
    find("#curve polyline").setAttribute("points", costs.map((cost) => spot(cost).join(",")).join(" "));
    slider.addEventListener("input", () => {
      localStorage.setItem("threshold", costs[slider.value].threshold);
      show();
    });
    show();
  }

  /** What to send with a question: null, which is the server's setting, until somebody moves the slider. */
  const threshold = () => (localStorage.getItem("threshold") === null ? null : costs[slider.value].threshold);

  return { begin, threshold };
})();
