#pragma once

#include <array>
#include <cstddef>

#include "core/sharing/store/block_update.h"
#include "core/sharing/store/shared_array.h"
#include "core/sharing/store/update_rule.h"

namespace sounder {

// Updates word by word, by a rule's functions of single floats. Of a word that has one of the floats only, the other
// one and its statistics stay what they are, even where another thread changes them meanwhile.

/// Calls change(i, updated) for each word that has some of the floats begin, ..., end - 1: i is the word's first float,
/// `updated` says which of the two are among them. Inlined, so that it is known for all words but the first and last.
template <class Change>
[[gnu::always_inline]] inline void for_each_word(std::size_t begin, std::size_t end, Change change) noexcept {
  using Updated = std::array<bool, 2>;
  std::size_t i = begin;
  if (i % 2 == 1 && i < end) change(i++ - 1, Updated{false, true});
  for (; i + 1 < end; i += 2) change(i, Updated{true, true});
  if (i < end) change(i, Updated{true, false});
}

/// Applies an update to the floats begin, ..., end - 1 by compare-exchange per word, so that no concurrent update is
/// lost.
template <UpdateRuleModel Rule>
void add_words(BlockUpdate update, const Rule& rule, std::size_t begin, std::size_t end) noexcept {
  using Pair = SharedArray::Pair;
  const auto add = [&](std::size_t i, const std::array<bool, 2>& updated) __attribute__((always_inline)) {
    const std::size_t block = i / kBlockFloats;
    const std::size_t word = i % kBlockFloats / 2;
    const Pair gradient{updated[0] ? update.gradient[i] * update.scale : 0.0F,
                        updated[1] ? update.gradient[i + 1] * update.scale : 0.0F};
    std::array<Pair, Rule::kStatistics> running;
    for (std::size_t k = 0; k < Rule::kStatistics; ++k) {
      running[k] = update.statistics[k].update_word(block, word, [&](const Pair& s) {
        return Pair{updated[0] ? rule.accumulate(k, s[0], gradient[0]) : s[0],
                    updated[1] ? rule.accumulate(k, s[1], gradient[1]) : s[1]};
      });
    }
    Pair step;
    for (std::size_t lane = 0; lane < 2; ++lane) {
      std::array<float, Rule::kStatistics> statistic;
      for (std::size_t k = 0; k < Rule::kStatistics; ++k) statistic[k] = running[k][lane];
      // Stored as they were added up: what is missing of another update comes with its own additions.
      rule.settle(statistic);
      step[lane] = rule.step(statistic, gradient[lane], update.rate);
    }
    const Pair parameters = update.parameters.update_word(block, word, [&](const Pair& p) {
      return Pair{updated[0] ? p[0] + step[0] : p[0], updated[1] ? p[1] + step[1] : p[1]};
    });
    if (update.replica.empty()) return;
    for (std::size_t lane = 0; lane < 2; ++lane) {
      if (updated[lane]) update.replica[i + lane] = parameters[lane];
    }
  };
  for_each_word(begin, end, add);
}

/// Applies an update to the floats begin, ..., end - 1 as write_blocks does: loads, computes, stores. Of two concurrent
/// updates of a float, one may be lost.
template <UpdateRuleModel Rule>
void write_words(const BlockUpdate& update, const Rule& rule, std::size_t begin, std::size_t end) noexcept {
  using Pair = SharedArray::Pair;
  const auto write = [&](std::size_t i, const std::array<bool, 2>& updated) __attribute__((always_inline)) {
    const std::size_t block = i / kBlockFloats;
    const std::size_t word = i % kBlockFloats / 2;
    Pair parameters = update.parameters.load_word(block, word);
    std::array<Pair, Rule::kStatistics> running;
    for (std::size_t k = 0; k < Rule::kStatistics; ++k) running[k] = update.statistics[k].load_word(block, word);
    for (std::size_t lane = 0; lane < 2; ++lane) {
      if (!updated[lane]) continue;
      const float gradient = update.gradient[i + lane] * update.scale;
      std::array<float, Rule::kStatistics> statistic;
      for (std::size_t k = 0; k < Rule::kStatistics; ++k) {
        statistic[k] = rule.accumulate(k, running[k][lane], gradient);
      }
      rule.settle(statistic);
      for (std::size_t k = 0; k < Rule::kStatistics; ++k) running[k][lane] = statistic[k];
      parameters[lane] += rule.step(statistic, gradient, update.rate);
    }
    const auto store = [&](SharedArray& array, const Pair& values) {
      if (updated[0] && updated[1]) return array.store_word(block, word, values);
      const std::size_t lane = updated[0] ? 0 : 1;
      array.store_range(i + lane, {&values[lane], 1});
    };
    for (std::size_t k = 0; k < Rule::kStatistics; ++k) store(update.statistics[k], running[k]);
    store(update.parameters, parameters);
  };
  for_each_word(begin, end, write);
}

}  // namespace sounder
