#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/canvas.h"
#include "envs/spaces.h"

namespace sounder {

/// Describes an environment: its spaces, time limit and threshold. Fixed before the first step.
struct EnvironmentSpec {
  Space observation_space;
  Space action_space;
  std::optional<std::int64_t> max_episode_steps = {};  ///< steps after which the time limit truncates an episode
  std::optional<double> reward_threshold = {};         ///< mean return from which it counts as solved
  /// The spaces before for_policy() wrapped the environment for a policy. None: it did not, and they are those above.
  std::optional<Spaces> bare = {};

  /// Returns the spaces before for_policy(): those of the environment as its author made it.
  Spaces bare_spaces() const { return bare.value_or(Spaces{.observation = observation_space, .action = action_space}); }
};

/// The result of one step. `terminated`: the task itself ended, and no reward follows. `truncated`: something outside
/// the task, such as a time limit, cut the episode; later rewards still have a value.
struct StepResult {
  float reward;
  bool terminated;
  bool truncated = false;
};

/// A user's environment: a plain struct without a base class. `reset` begins an episode that is determined by `seed`
/// alone; `step` acts. Both write the next observation to a span of flat_size(observation_space) floats and allocate
/// nothing. An environment never resets itself. `Action` is the type that `step` takes: std::int64_t (Discrete),
/// std::span<const float> (Box), std::span<const std::int64_t> (MultiDiscrete, MultiBinary), or sounder::Action (any:
/// wrappers).
///
/// Optional: `void draw(Canvas&) const` draws the state; `std::vector<double> state() const` and `void
/// set_state(std::span<const double>, std::span<float> observation)` read and set the internal state, so that recorded
/// traces can be replayed; `void action_mask(std::span<std::uint8_t> allowed) const` writes the actions that are
/// allowed now (an ActionMask of mask_size(action_space) numbers), so that policies choose among them only; and `bool
/// masks_actions() const`, next to it, returns whether the instance masks actions at all, which may depend on an
/// option.
template <class E>
concept EnvironmentModel = std::movable<E> && requires(E environment, const E& constant, typename E::Action action,
                                                       std::span<float> observation, std::uint64_t seed) {
  { constant.spec() } -> std::convertible_to<EnvironmentSpec>;
  {environment.reset(seed, observation)};
  { environment.step(action, observation) } -> std::convertible_to<StepResult>;
};

template <class E>
concept Drawable = requires(const E& constant, Canvas& canvas) {
  constant.draw(canvas);
};

template <class E>
concept Replayable = requires(E environment, const E& constant, std::span<const double> state,
                              std::span<float> observation) {
  { constant.state() } -> std::convertible_to<std::vector<double>>;
  environment.set_state(state, observation);
};

/// An environment that restricts the allowed actions. Its mask is read after a reset and after each step that did not
/// terminate the episode, and must allow an action then.
template <class E>
concept Masking = requires(const E& constant, std::span<std::uint8_t> allowed) {
  constant.action_mask(allowed);
};

/// Returns whether an environment masks actions. One that is Masking does, unless its masks_actions() returns false.
template <class E>
bool masks_actions(const E& environment) {
  if constexpr (requires { environment.masks_actions(); }) {
    return environment.masks_actions();
  } else {
    return Masking<E>;
  }
}

/// A remote environment, in another process for example, that accepts the next request ahead of time. announce(action)
/// states that the next call will be step() with this action, announce_reset(seed) that it will be reset() with this
/// seed. A caller can announce to several environments, which then work in parallel, before it waits for the first.
/// Neither function waits or throws when the remote side fails; the request itself does.
template <class E>
concept Announceable = requires(E environment, const typename E::Action& action, std::uint64_t seed) {
  environment.announce(action);
  environment.announce_reset(seed);
};

/// Owns an environment of any type: a move-only value with one indirect call per step. Satisfies EnvironmentModel
/// itself, so wrappers accept it. Not thread-safe.
class Environment {
 public:
  using Action = sounder::Action;

  // The exclusion comes first, because the other order makes clang 14 recurse without end.
  template <class E>
  requires(!std::same_as<std::remove_cvref_t<E>, Environment>) &&
      EnvironmentModel<std::remove_cvref_t<E>> explicit Environment(E&& model)
      : model_(std::make_unique<Model<std::remove_cvref_t<E>>>(std::forward<E>(model))) {}

  EnvironmentSpec spec() const {
    EnvironmentSpec spec = model_->spec();
    if (bare_) spec.bare = *bare_;
    return spec;
  }

  /// Remembers the spaces that it had before it was wrapped, as EnvironmentSpec::bare.
  void set_bare(Spaces spaces) { bare_ = std::make_unique<Spaces>(std::move(spaces)); }

  /// Begins an episode and writes its first observation.
  void reset(std::uint64_t seed, std::span<float> observation) { model_->reset(seed, observation); }

  /// Takes an action and writes the observation after it. After an episode's end, call reset() first.
  StepResult step(const Action& action, std::span<float> observation) { return model_->step(action, observation); }

  /// Returns whether the environment is Announceable, so that announcing has an effect.
  bool announceable() const { return model_->announceable(); }

  /// Announces the next step's action or the next reset's seed. Does nothing if the environment is not announceable.
  void announce(const Action& action) { model_->announce(action); }
  void announce_reset(std::uint64_t seed) { model_->announce_reset(seed); }

  /// Returns whether the environment masks actions. Constant over an instance's lifetime.
  bool masks_actions() const { return model_->masks_actions(); }

  /// Writes the actions that are allowed now, mask_size(action_space) numbers. An environment without masks allows all.
  void action_mask(std::span<std::uint8_t> allowed) const { model_->action_mask(allowed); }

  /// Draws the state. Returns false if the environment does not support drawing.
  bool draw(Canvas& canvas) const { return model_->draw(canvas); }

  /// Returns the internal state; empty if the environment offers none.
  std::vector<double> state() const { return model_->state(); }

  /// Sets the internal state and writes its observation. Throws Error if the environment offers no state.
  void set_state(std::span<const double> state, std::span<float> observation) { model_->set_state(state, observation); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual EnvironmentSpec spec() const = 0;
    virtual void reset(std::uint64_t seed, std::span<float> observation) = 0;
    virtual StepResult step(const Action& action, std::span<float> observation) = 0;
    virtual bool announceable() const = 0;
    virtual void announce(const Action& action) = 0;
    virtual void announce_reset(std::uint64_t seed) = 0;
    virtual bool masks_actions() const = 0;
    virtual void action_mask(std::span<std::uint8_t> allowed) const = 0;
    virtual bool draw(Canvas& canvas) const = 0;
    virtual std::vector<double> state() const = 0;
    virtual void set_state(std::span<const double> state, std::span<float> observation) = 0;
  };

  template <class E>
  struct Model final : Interface {
    explicit Model(E environment) : environment_(std::move(environment)) {}

    EnvironmentSpec spec() const override { return environment_.spec(); }
    void reset(std::uint64_t seed, std::span<float> observation) override { environment_.reset(seed, observation); }
    StepResult step(const Action& action, std::span<float> observation) override {
      return environment_.step(as_its_own(action), observation);
    }
    bool announceable() const override {
      if constexpr (requires { environment_.announceable(); }) {
        return environment_.announceable();  // for a wrapper, depends on the wrapped Environment
      } else {
        return Announceable<E>;
      }
    }
    void announce(const Action& action) override {
      if constexpr (Announceable<E>) environment_.announce(as_its_own(action));
    }
    void announce_reset(std::uint64_t seed) override {
      if constexpr (Announceable<E>) environment_.announce_reset(seed);
    }
    bool masks_actions() const override { return sounder::masks_actions(environment_); }
    void action_mask(std::span<std::uint8_t> allowed) const override {
      if constexpr (Masking<E>) {
        if (masks_actions()) return environment_.action_mask(allowed);
      }
      std::ranges::fill(allowed, std::uint8_t{1});
    }
    bool draw(Canvas& canvas) const override {
      if constexpr (requires {
                      { environment_.draw(canvas) } -> std::same_as<bool>;
                    }) {
        return environment_.draw(canvas);  // for a wrapper, depends on the wrapped Environment
      } else if constexpr (Drawable<E>) {
        environment_.draw(canvas);
      }
      return Drawable<E>;
    }
    std::vector<double> state() const override {
      if constexpr (Replayable<E>) return environment_.state();
      return {};
    }
    void set_state(std::span<const double> state, std::span<float> observation) override {
      if constexpr (Replayable<E>) {
        environment_.set_state(state, observation);
      } else {
        throw_no_state();
      }
    }

    static decltype(auto) as_its_own(const Action& action) {
      if constexpr (std::same_as<typename E::Action, Action>) {
        return (action);
      } else {
        return std::get<typename E::Action>(action);
      }
    }

    E environment_;
  };

  [[noreturn]] static void throw_no_state();

  std::unique_ptr<Interface> model_;
  std::unique_ptr<Spaces> bare_;  // null: as the model has it
};

}  // namespace sounder
