// Shows the times of a page as how long ago they were, and keeps that right:
//
//   <time datetime="2026-11-21T03:00:05Z" data-moment="fromNow">on 21 November 2026 …</time>
//
// The title is the time where the visitor is. The steps and words are those of
// Moment.js.
(function () {
  "use strict";

  // Up to how many of a unit there are before the next one counts, and how many
  // seconds it has.
  const units = [
    ["minute", 45, 60],
    ["hour", 22, 60 * 60],
    ["day", 26, 24 * 60 * 60],
    ["month", 11, 30.4368 * 24 * 60 * 60],
    ["year", Infinity, 365.2425 * 24 * 60 * 60],
  ];

  function span(seconds) {
    if (Math.round(seconds) < 45) {
      return "a few seconds";
    }
    for (const [name, limit, length] of units) {
      const n = Math.round(seconds / length);
      if (n <= 1) {
        return (name === "hour" ? "an " : "a ") + name;
      }
      if (n < limit) {
        return n + " " + name + "s";
      }
    }
  }

  function fromNow(time) {
    const seconds = (Date.now() - time) / 1000;
    return seconds < 0 ? "in " + span(-seconds) : span(seconds) + " ago";
  }

  function refresh() {
    for (const element of document.querySelectorAll('time[data-moment="fromNow"]')) {
      const time = new Date(element.dateTime);
      if (isNaN(time)) {
        continue; // its text stays
      }
      element.textContent = fromNow(time);
      element.title = time.toLocaleString(undefined, { dateStyle: "long", timeStyle: "medium" });
    }
  }

  refresh();
  setInterval(refresh, 10 * 1000);
  document.addEventListener("visibilitychange", refresh); // the timer rests behind other tabs
})();
