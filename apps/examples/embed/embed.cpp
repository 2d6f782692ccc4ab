// Training in code: a program of its own that trains a policy, evaluates it and saves it, without a command line.
#include <sounder/sounder.h>

#include <iostream>

int main() try {
  const sounder::Registry environments = sounder::Registry::with_builtins();
  sounder::TrainConfig config = sounder::preset_config("CartPole-v1");  // every key of sounder train is a member
  config.workers = 2;
  config.until_solved = true;

  sounder::Training training(environments, config);
  training.on_evaluation([](const sounder::Evaluation& evaluation) {
    std::cout << "step " << evaluation.step << (evaluation.solved ? ": solved\n" : ": not solved yet\n");
    return true;  // false would end the training
  });
  const sounder::TrainingResult result = training.run();

  const sounder::EvaluationResult played = sounder::evaluate(result.best, environments, {.episodes = 100, .seed = 7});
  std::cout << "mean return of 100 new episodes: " << played.summary.mean << '\n';
  sounder::save_checkpoint("cartpole.safetensors", result.best);
} catch (const sounder::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
